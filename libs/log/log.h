#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

// Structured logs: one JSON object a line on stdout, with ts, level, service, event, msg, the
// context of the thread (trace_id, span_id, request_id, actor) and the fields of the call. All
// functions are thread-safe; a line is one write(2), so lines of several processes on one pipe do
// not mix (up to PIPE_BUF, 4096 bytes).
namespace slipway::log {

enum class Level { kDebug, kInfo, kWarn, kError };

// "debug", "info", "warn", "error"; empty for another word.
std::optional<Level> ParseLevel(std::string_view word);

struct Settings {
  std::string service = {};
  Level level = Level::kInfo;  // less important lines are dropped
  int fd = 1;
};
// Called once by main() before threads start; tests call it again.
void Init(Settings settings);

// One field: a name in snake_case and a value. Values are never interpolated into msg.
class Field {
 public:
  Field(std::string_view key, std::string_view value) : key_(key), value_(std::string(value)) {}
  Field(std::string_view key, const std::string& value) : key_(key), value_(value) {}
  Field(std::string_view key, const char* value) : key_(key), value_(std::string(value)) {}
  Field(std::string_view key, bool value) : key_(key), value_(value) {}
  template <typename T,
            std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>, int> = 0>
  Field(std::string_view key, T value) : key_(key), value_(static_cast<int64_t>(value)) {}
  Field(std::string_view key, double value) : key_(key), value_(value) {}

  const std::string& key() const { return key_; }
  const std::variant<std::string, int64_t, double, bool>& value() const { return value_; }

 private:
  std::string key_;
  std::variant<std::string, int64_t, double, bool> value_;
};

// Writes one line. `event` is a stable dotted name ("runs.claimed"); `msg` a sentence for people.
void Log(Level level, std::string_view event, std::string_view msg,
         std::initializer_list<Field> fields = {});
void Log(Level level, std::string_view event, std::string_view msg,
         const std::vector<Field>& fields);

inline void Info(std::string_view event, std::string_view msg,
                 std::initializer_list<Field> fields = {}) {
  Log(Level::kInfo, event, msg, fields);
}
inline void Warn(std::string_view event, std::string_view msg,
                 std::initializer_list<Field> fields = {}) {
  Log(Level::kWarn, event, msg, fields);
}
inline void Error(std::string_view event, std::string_view msg,
                  std::initializer_list<Field> fields = {}) {
  Log(Level::kError, event, msg, fields);
}

// What every line of a thread carries; empty parts are left out.
struct Context {
  std::string trace_id = {};
  std::string span_id = {};
  std::string request_id = {};
  std::string actor = {};
};

// The context of the calling thread.
const Context& CurrentContext();

// Lays the non-empty parts of `context` over the thread's context until the end of the scope.
// Scopes nest; each belongs to the thread and block that made it.
class Scope {
 public:
  explicit Scope(Context context);
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  Context before_;
};

}  // namespace slipway::log
