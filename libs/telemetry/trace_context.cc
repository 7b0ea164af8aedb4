#include "libs/telemetry/trace_context.h"

#include "libs/base/id.h"

namespace slipway::telemetry {
namespace {

bool IsLowerHex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool IsId(std::string_view text) {
  return IsLowerHex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

std::string NewId(size_t bytes) {
  std::string id;
  do {
    id = RandomHex(bytes);
  } while (!IsId(id));
  return id;
}

}  // namespace

TraceContext TraceContext::New() { return {NewId(16), NewId(8), true}; }

std::optional<TraceContext> TraceContext::Parse(std::string_view text) {
  // version "-" trace-id "-" parent-id "-" flags; a later version may go on after another '-'.
  if (text.size() < 55 || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  const std::string_view version = text.substr(0, 2);
  const std::string_view trace_id = text.substr(3, 32);
  const std::string_view span_id = text.substr(36, 16);
  const std::string_view flags = text.substr(53, 2);
  if (!IsLowerHex(version) || version == "ff" || !IsId(trace_id) || !IsId(span_id) ||
      !IsLowerHex(flags)) {
    return std::nullopt;
  }
  if (text.size() > 55 && (version == "00" || text[55] != '-')) return std::nullopt;
  const bool sampled = std::string_view("13579bdf").find(flags[1]) != std::string_view::npos;
  return TraceContext{std::string(trace_id), std::string(span_id), sampled};
}

TraceContext TraceContext::ParseOrNew(std::string_view traceparent) {
  auto parsed = Parse(traceparent);
  return parsed ? *parsed : New();
}

TraceContext TraceContext::Child() const { return {trace_id, NewId(8), sampled}; }

std::string TraceContext::ToString() const {
  return "00-" + trace_id + "-" + span_id + (sampled ? "-01" : "-00");
}

}  // namespace slipway::telemetry
