#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace slipway::telemetry {

// Where a piece of work stands in a trace: W3C Trace Context, https://www.w3.org/TR/trace-context/
// (version 00). A value; carried in the gRPC metadata and HTTP header "traceparent", in rows of
// runs and events.
struct TraceContext {
  std::string trace_id = {};  // 32 lower-case hex digits, not all zero
  std::string span_id = {};   // 16 lower-case hex digits, not all zero
  bool sampled = true;

  // A new trace with its first span; random ids.
  static TraceContext New();
  // Reads a traceparent header. Empty for a malformed one, as the standard asks (the receiver
  // starts a new trace). Later versions are read as version 00.
  static std::optional<TraceContext> Parse(std::string_view traceparent);
  // Parse, else New.
  static TraceContext ParseOrNew(std::string_view traceparent);

  // The same trace with a new span.
  TraceContext Child() const;
  // "00-<trace_id>-<span_id>-01"
  std::string ToString() const;
};

}  // namespace slipway::telemetry
