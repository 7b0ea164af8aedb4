#include "libs/log/log.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <mutex>

#include "absl/time/clock.h"
#include "libs/base/clock.h"
#include "libs/base/strings.h"

namespace slipway::log {
namespace {

constexpr std::array<std::string_view, 4> kLevelNames = {"debug", "info", "warn", "error"};

// The process has one log. The name is written by Init() before threads start.
struct State {
  std::string service;
  std::atomic<int> level{static_cast<int>(Level::kInfo)};
  std::atomic<int> fd{1};
};

State& GetState() {
  static State* const state = new State;
  return *state;
}

Context& ThreadContext() {
  thread_local Context context;
  return context;
}

void AppendString(std::string* out, std::string_view raw) {
  const std::string text = ToValidUtf8(raw);
  out->push_back('"');
  for (const char c : text) {
    switch (c) {
      case '"': *out += "\\\""; break;
      case '\\': *out += "\\\\"; break;
      case '\n': *out += "\\n"; break;
      case '\r': *out += "\\r"; break;
      case '\t': *out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          char escaped[7];
          std::snprintf(escaped, sizeof(escaped), "\\u%04x", static_cast<unsigned>(c));
          *out += escaped;
        } else {
          out->push_back(c);
        }
    }
  }
  out->push_back('"');
}

void AppendKey(std::string* out, std::string_view key) {
  if (out->size() > 1) out->push_back(',');
  AppendString(out, key);
  out->push_back(':');
}

void AppendText(std::string* out, std::string_view key, std::string_view value) {
  AppendKey(out, key);
  AppendString(out, value);
}

void AppendField(std::string* out, const Field& field) {
  AppendKey(out, field.key());
  if (const auto* text = std::get_if<std::string>(&field.value())) {
    AppendString(out, *text);
  } else if (const auto* number = std::get_if<int64_t>(&field.value())) {
    *out += std::to_string(*number);
  } else if (const auto* real = std::get_if<double>(&field.value())) {
    char buffer[32];
    const auto end = std::to_chars(buffer, buffer + sizeof(buffer), *real);
    *out += std::isfinite(*real) ? std::string(buffer, end.ptr) : "null";
  } else {
    *out += std::get<bool>(field.value()) ? "true" : "false";
  }
}

void WriteLine(int fd, std::string_view line) {
  while (!line.empty()) {
    const ssize_t n = ::write(fd, line.data(), line.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;  // nobody reads: a service must not die of its log
    line.remove_prefix(static_cast<size_t>(n));
  }
}

template <typename Fields>
void LogFields(Level level, std::string_view event, std::string_view msg, const Fields& fields) {
  const State& state = GetState();
  if (static_cast<int>(level) < state.level.load(std::memory_order_relaxed)) return;
  std::string line;
  line.reserve(256);
  line.push_back('{');
  AppendText(&line, "ts", slipway::FormatTime(absl::Now()));
  AppendText(&line, "level", kLevelNames[static_cast<size_t>(level)]);
  AppendText(&line, "service", state.service);
  AppendText(&line, "event", event);
  AppendText(&line, "msg", msg);
  const Context& context = ThreadContext();
  if (!context.trace_id.empty()) AppendText(&line, "trace_id", context.trace_id);
  if (!context.span_id.empty()) AppendText(&line, "span_id", context.span_id);
  if (!context.request_id.empty()) AppendText(&line, "request_id", context.request_id);
  if (!context.actor.empty()) AppendText(&line, "actor", context.actor);
  for (const Field& field : fields) AppendField(&line, field);
  line += "}\n";
  WriteLine(state.fd.load(std::memory_order_relaxed), line);
}

}  // namespace

std::optional<Level> ParseLevel(std::string_view word) {
  for (size_t i = 0; i < kLevelNames.size(); ++i) {
    if (kLevelNames[i] == word) return static_cast<Level>(i);
  }
  return std::nullopt;
}

void Init(Settings settings) {
  State& state = GetState();
  state.service = std::move(settings.service);
  state.level = static_cast<int>(settings.level);
  state.fd = settings.fd;
}

void Log(Level level, std::string_view event, std::string_view msg,
         std::initializer_list<Field> fields) {
  LogFields(level, event, msg, fields);
}

void Log(Level level, std::string_view event, std::string_view msg,
         const std::vector<Field>& fields) {
  LogFields(level, event, msg, fields);
}

const Context& CurrentContext() { return ThreadContext(); }

Scope::Scope(Context context) : before_(ThreadContext()) {
  Context& current = ThreadContext();
  if (!context.trace_id.empty()) current.trace_id = std::move(context.trace_id);
  if (!context.span_id.empty()) current.span_id = std::move(context.span_id);
  if (!context.request_id.empty()) current.request_id = std::move(context.request_id);
  if (!context.actor.empty()) current.actor = std::move(context.actor);
}

Scope::~Scope() { ThreadContext() = std::move(before_); }

}  // namespace slipway::log
