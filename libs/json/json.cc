#include "libs/json/json.h"

#include <algorithm>
#include <charconv>
#include <vector>

namespace slipway::json {
namespace bj = boost::json;

namespace {

std::string PlaceOf(std::string_view text, size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const size_t line = 1 + static_cast<size_t>(std::count(before.begin(), before.end(), '\n'));
  const size_t last_break = before.rfind('\n');
  const size_t column =
      1 + (last_break == std::string_view::npos ? offset : offset - last_break - 1);
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

void AppendCanonical(const bj::value& value, std::string& out) {
  if (const bj::object* object = value.if_object()) {
    std::vector<const bj::key_value_pair*> members;
    for (const auto& member : *object) members.push_back(&member);
    std::sort(members.begin(), members.end(),
              [](const auto* a, const auto* b) { return a->key() < b->key(); });
    out += '{';
    for (size_t i = 0; i < members.size(); ++i) {
      if (i > 0) out += ',';
      out += bj::serialize(members[i]->key());
      out += ':';
      AppendCanonical(members[i]->value(), out);
    }
    out += '}';
  } else if (const bj::array* array = value.if_array()) {
    out += '[';
    for (size_t i = 0; i < array->size(); ++i) {
      if (i > 0) out += ',';
      AppendCanonical((*array)[i], out);
    }
    out += ']';
  } else {
    out += bj::serialize(value);
  }
}

}  // namespace

absl::StatusOr<bj::value> Parse(std::string_view text, const Limits& limits) {
  if (text.size() > limits.max_bytes) {
    return absl::InvalidArgumentError("JSON of " + std::to_string(text.size()) +
                                      " bytes, at most " + std::to_string(limits.max_bytes) +
                                      " are read");
  }
  bj::parse_options options;
  options.max_depth = limits.max_depth;
  bj::parser parser({}, options);
  bj::error_code error;
  const size_t read = parser.write_some({text.data(), text.size()}, error);
  if (!error && text.find_first_not_of(" \t\r\n", read) != std::string_view::npos)
    error = bj::error::extra_data;
  if (error)
    return absl::InvalidArgumentError("not valid JSON at " + PlaceOf(text, read) + ": " +
                                      error.message());
  return parser.release();
}

const bj::value* Find(const bj::value& value, std::string_view path) {
  const bj::value* at = &value;
  while (!path.empty()) {
    if (path.front() == '[') {
      size_t index = 0;
      const auto [end, error] = std::from_chars(path.data() + 1, path.data() + path.size(), index);
      if (error != std::errc() || end == path.data() + path.size() || *end != ']') return nullptr;
      path.remove_prefix(static_cast<size_t>(end - path.data()) + 1);
      const bj::array* array = at->if_array();
      at = array != nullptr ? array->if_contains(index) : nullptr;
    } else {
      if (path.front() == '.') path.remove_prefix(1);
      const std::string_view key = path.substr(0, path.find_first_of(".["));
      path.remove_prefix(key.size());
      const bj::object* object = at->if_object();
      at = object != nullptr ? object->if_contains({key.data(), key.size()}) : nullptr;
    }
    if (at == nullptr) return nullptr;
  }
  return at;
}

std::optional<std::string> GetString(const bj::value& value, std::string_view path) {
  const bj::value* found = Find(value, path);
  if (found == nullptr || !found->is_string()) return std::nullopt;
  return std::string(found->get_string().data(), found->get_string().size());
}

std::optional<int64_t> GetInt(const bj::value& value, std::string_view path) {
  const bj::value* found = Find(value, path);
  if (found == nullptr || !found->is_int64()) return std::nullopt;
  return found->get_int64();
}

std::optional<bool> GetBool(const bj::value& value, std::string_view path) {
  const bj::value* found = Find(value, path);
  if (found == nullptr || !found->is_bool()) return std::nullopt;
  return found->get_bool();
}

const bj::array* GetArray(const bj::value& value, std::string_view path) {
  const bj::value* found = Find(value, path);
  return found != nullptr ? found->if_array() : nullptr;
}

const bj::object* GetObject(const bj::value& value, std::string_view path) {
  const bj::value* found = Find(value, path);
  return found != nullptr ? found->if_object() : nullptr;
}

std::string Canonical(const bj::value& value) {
  std::string out;
  AppendCanonical(value, out);
  return out;
}

}  // namespace slipway::json
