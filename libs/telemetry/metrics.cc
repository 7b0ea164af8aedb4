#include "libs/telemetry/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace slipway::telemetry {
namespace {

// Seconds: from a fast query to the longest call.
const prometheus::Histogram::BucketBoundaries& Buckets() {
  static const prometheus::Histogram::BucketBoundaries buckets = {
      0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
  return buckets;
}

prometheus::Family<prometheus::Counter>& Counters(prometheus::Registry& r, const char* name,
                                                  const char* help, const Metrics::Labels& own) {
  return prometheus::BuildCounter().Name(name).Help(help).Labels(own).Register(r);
}

prometheus::Family<prometheus::Histogram>& Durations(prometheus::Registry& r, const char* name,
                                                     const char* help, const Metrics::Labels& own) {
  return prometheus::BuildHistogram().Name(name).Help(help).Labels(own).Register(r);
}

prometheus::Family<prometheus::Gauge>& Gauges(prometheus::Registry& r, const char* name,
                                              const char* help, const Metrics::Labels& own) {
  return prometheus::BuildGauge().Name(name).Help(help).Labels(own).Register(r);
}

// A count and a duration that share their labels.
struct Calls {
  prometheus::Family<prometheus::Counter>& total;
  prometheus::Family<prometheus::Histogram>& seconds;

  void Done(const Metrics::Labels& labels, absl::Duration took) {
    total.Add(labels).Increment();
    seconds.Add(labels, Buckets()).Observe(absl::ToDoubleSeconds(took));
  }
};

}  // namespace

struct Metrics::Impl {
  explicit Impl(Labels labels)
      : own(std::move(labels)),
        rpc{Counters(registry, "slipway_rpc_requests_total", "RPCs answered", own),
            Durations(registry, "slipway_rpc_duration_seconds", "Time to answer an RPC", own)},
        db{Counters(registry, "slipway_db_queries_total", "Database statements", own),
           Durations(registry, "slipway_db_query_duration_seconds", "Time of a statement", own)},
        http{Counters(registry, "slipway_http_client_requests_total", "Outgoing HTTP", own),
             Durations(registry, "slipway_http_client_duration_seconds", "Time of a request", own)},
        queue_depth(Gauges(registry, "slipway_queue_depth", "Entries that wait", own)),
        queue_age(Gauges(registry, "slipway_queue_age_seconds", "Age of the oldest entry", own)),
        loop_lag(Gauges(registry, "slipway_loop_lag_seconds", "How late a loop runs", own)) {}

  const Labels own;
  prometheus::Registry registry;
  Calls rpc;
  Calls db;
  Calls http;
  prometheus::Family<prometheus::Gauge>& queue_depth;
  prometheus::Family<prometheus::Gauge>& queue_age;
  prometheus::Family<prometheus::Gauge>& loop_lag;
};

Metrics::Metrics(std::string_view service)
    : impl_(std::make_unique<Impl>(Labels{{"service", std::string(service)}})) {}
Metrics::~Metrics() = default;

void Metrics::RpcDone(std::string_view method, std::string_view code, absl::Duration took) {
  impl_->rpc.Done({{"method", std::string(method)}, {"code", std::string(code)}}, took);
}

void Metrics::QueryDone(std::string_view query, std::string_view code, absl::Duration took) {
  impl_->db.Done({{"query", std::string(query)}, {"code", std::string(code)}}, took);
}

void Metrics::HttpClientDone(std::string_view peer, std::string_view code, absl::Duration took) {
  impl_->http.Done({{"peer", std::string(peer)}, {"code", std::string(code)}}, took);
}

void Metrics::SetQueue(std::string_view queue, int64_t depth, absl::Duration oldest) {
  const Labels labels = {{"queue", std::string(queue)}};
  impl_->queue_depth.Add(labels).Set(static_cast<double>(depth));
  impl_->queue_age.Add(labels).Set(absl::ToDoubleSeconds(oldest));
}

void Metrics::SetLoopLag(std::string_view loop, absl::Duration lag) {
  impl_->loop_lag.Add({{"loop", std::string(loop)}}).Set(absl::ToDoubleSeconds(lag));
}

void Metrics::Count(const std::string& name, const std::string& help, const Labels& labels,
                    double by) {
  Counters(impl_->registry, name.c_str(), help.c_str(), impl_->own).Add(labels).Increment(by);
}

void Metrics::SetGauge(const std::string& name, const std::string& help, const Labels& labels,
                       double value) {
  Gauges(impl_->registry, name.c_str(), help.c_str(), impl_->own).Add(labels).Set(value);
}

void Metrics::Observe(const std::string& name, const std::string& help, const Labels& labels,
                      absl::Duration took) {
  Durations(impl_->registry, name.c_str(), help.c_str(), impl_->own)
      .Add(labels, Buckets())
      .Observe(absl::ToDoubleSeconds(took));
}

std::string Metrics::Serialize() const {
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

prometheus::Registry& Metrics::registry() { return impl_->registry; }

}  // namespace slipway::telemetry
