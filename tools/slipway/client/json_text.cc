#include "tools/slipway/client/json_text.h"

#include "libs/json/json.h"

namespace slipway::cli {

namespace bj = boost::json;

std::string Text(const bj::value& value, std::string_view path) {
  const bj::value* found = json::Find(value, path);
  if (found == nullptr) return "";
  if (found->is_string()) return std::string(found->get_string());
  if (found->is_number() || found->is_bool()) return bj::serialize(*found);
  return "";
}

const bj::array& List(const bj::value& value, std::string_view path) {
  static const bj::array kNone;
  const bj::array* list = json::GetArray(value, path);
  return list == nullptr ? kNone : *list;
}

const bj::object& Object(const bj::value& value, std::string_view path) {
  static const bj::object kNone;
  const bj::object* object = json::GetObject(value, path);
  return object == nullptr ? kNone : *object;
}

}  // namespace slipway::cli
