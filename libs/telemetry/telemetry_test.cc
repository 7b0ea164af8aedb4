#include <catch2/catch.hpp>

#include "libs/telemetry/metrics.h"
#include "libs/telemetry/trace_context.h"

namespace slipway::telemetry {

TEST_CASE("a traceparent header survives the way through parse and format") {
  const std::string text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const auto context = TraceContext::Parse(text);
  REQUIRE(context.has_value());
  CHECK(context->trace_id == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(context->ToString() == text);
  CHECK(context->Child().trace_id == context->trace_id);
  CHECK(context->Child().span_id != context->span_id);
  CHECK(TraceContext::Parse(TraceContext::New().ToString()).has_value());
}

TEST_CASE("a malformed traceparent starts a new trace") {
  const std::string good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  for (const std::string& bad :
       {std::string(), good + "-x", "ff" + good.substr(2), good.substr(0, 54),
        "00-" + std::string(32, '0') + good.substr(35),
        good.substr(0, 36) + std::string(16, '0') + "-01",
        std::string("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"),
        std::string(100, '-')}) {
    INFO(bad);
    CHECK_FALSE(TraceContext::Parse(bad).has_value());
    CHECK(TraceContext::ParseOrNew(bad).trace_id.size() == 32);
  }
}

TEST_CASE("a later version of traceparent is read as version 00, and unsampled stays unsampled") {
  const std::string later = "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-more";
  const auto context = TraceContext::Parse(later);
  REQUIRE(context.has_value());
  CHECK_FALSE(context->sampled);
  CHECK(context->ToString() == "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
}

TEST_CASE("metrics are served as text with their service and labels") {
  Metrics metrics("build");
  metrics.RpcDone("runs.get", "OK", absl::Milliseconds(3));
  metrics.RpcDone("runs.get", "OK", absl::Milliseconds(3));
  metrics.QueryDone("runs.claim", "OK", absl::Milliseconds(1));
  metrics.HttpClientDone("registry", "200", absl::Seconds(1));
  metrics.SetQueue("jobs", 7, absl::Seconds(2));
  metrics.SetLoopLag("claim", absl::Milliseconds(500));
  metrics.Count("slipway_refused_total", "refusals", {{"reason", "signature"}}, 2);
  metrics.Count("slipway_refused_total", "refusals", {{"reason", "signature"}});
  const std::string text = metrics.Serialize();
  INFO(text);
  CHECK_THAT(
      text, Catch::Contains(
                "slipway_rpc_requests_total{service=\"build\",code=\"OK\",method=\"runs.get\"} 2"));
  CHECK_THAT(text, Catch::Contains("slipway_rpc_duration_seconds_bucket"));
  CHECK_THAT(text, Catch::Contains("slipway_db_queries_total"));
  CHECK_THAT(text, Catch::Contains("slipway_http_client_requests_total"));
  CHECK_THAT(text, Catch::Contains("slipway_queue_depth{service=\"build\",queue=\"jobs\"} 7"));
  CHECK_THAT(text,
             Catch::Contains("slipway_loop_lag_seconds{service=\"build\",loop=\"claim\"} 0.5"));
  CHECK_THAT(text,
             Catch::Contains("slipway_refused_total{service=\"build\",reason=\"signature\"} 3"));
}

}  // namespace slipway::telemetry
