#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace prometheus {
class Registry;
}

namespace slipway::telemetry {

// The metrics of one process under the names that all services share. Owned by App; thread-safe.
// Labels never carry ids.
//
//   slipway_rpc_requests_total, slipway_rpc_duration_seconds       {service, method, code}
//   slipway_db_queries_total, slipway_db_query_duration_seconds    {service, query, code}
//   slipway_http_client_requests_total, ..._duration_seconds       {service, peer, code}
//   slipway_queue_depth, slipway_queue_age_seconds                 {service, queue}
//   slipway_loop_lag_seconds                                       {service, loop}
class Metrics {
 public:
  explicit Metrics(std::string_view service);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // `code` is the canonical name of a status ("OK", "NOT_FOUND").
  void RpcDone(std::string_view method, std::string_view code, absl::Duration took);
  // `query` is the name of an Sql or of a transaction.
  void QueryDone(std::string_view query, std::string_view code, absl::Duration took);
  // `peer` names a configured partner ("registry"), not a URL; `code` is the HTTP status or the
  // error's name.
  void HttpClientDone(std::string_view peer, std::string_view code, absl::Duration took);
  // How many entries wait, and for how long the oldest has.
  void SetQueue(std::string_view queue, int64_t depth, absl::Duration oldest);
  // How late a loop runs behind its work.
  void SetLoopLag(std::string_view loop, absl::Duration lag);

  // Any other counter or gauge: `name` in Prometheus' form (counters end with _total). A name keeps
  // its first help text.
  using Labels = std::map<std::string, std::string>;
  void Count(const std::string& name, const std::string& help, const Labels& labels, double by = 1);
  void SetGauge(const std::string& name, const std::string& help, const Labels& labels,
                double value);
  // Any other time of something: a histogram, `name` ends with _seconds.
  void Observe(const std::string& name, const std::string& help, const Labels& labels,
               absl::Duration took);

  // The text exposition format of /metrics.
  std::string Serialize() const;

  prometheus::Registry& registry();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace slipway::telemetry
