#include "libs/http/client.h"

namespace slipway::http {

bool SseReader::Feed(std::string_view piece) {
  rest_ += piece;
  size_t from = 0;
  for (size_t end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n', from)) {
    std::string_view line = std::string_view(rest_).substr(from, end - from);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    from = end + 1;
    if (!Line(line)) return false;
  }
  rest_.erase(0, from);
  return true;
}

bool SseReader::Line(std::string_view line) {
  if (line.empty()) {
    const Event event = std::exchange(event_, Event{});
    return !std::exchange(has_data_, false) || on_event_(event);
  }
  const size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
  if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  if (name == "data") {
    if (has_data_) event_.data += '\n';
    event_.data += value;
    has_data_ = true;
  } else if (name == "event") {
    event_.type = value;
  } else if (name == "id") {
    event_.id = value;
  }
  return true;
}

}  // namespace slipway::http
