#include "libs/kube/field_set.h"

#include <charconv>

namespace slipway::kube {
namespace {

// The JSON inside "k:" and "v:", parsed on the stack as far as it fits.
class Inside {
 public:
  explicit Inside(std::string_view element) : memory_(buffer_, sizeof(buffer_)) {
    boost::system::error_code error;
    value_ = boost::json::parse(JsonView(element.substr(2)), error, &memory_);
    if (error) value_ = nullptr;
  }
  const boost::json::value& value() const { return value_; }

 private:
  unsigned char buffer_[512];
  boost::json::monotonic_resource memory_;
  boost::json::value value_;
};

bool KeysEqual(const boost::json::value& keys, const boost::json::value& item, bool lenient) {
  if (!keys.is_object() || !item.is_object()) return false;
  bool any = false;
  for (const auto& [name, wanted] : keys.get_object()) {
    const boost::json::value* found = item.get_object().if_contains(name);
    if (found == nullptr) {
      if (!lenient) return false;
      continue;
    }
    if (*found != wanted) return false;
    any = true;
  }
  return any;
}

void Collect(const FieldTree& tree, const std::string& prefix, std::vector<std::string>& paths) {
  for (const auto& member : tree) {
    const std::string_view element(member.key().data(), member.key().size());
    const FieldTree* below = member.value().if_object();
    if (element == ".") {
      // The thing itself counts only where nothing below it is owned.
      if (tree.size() == 1) paths.push_back(prefix);
      continue;
    }
    std::string path = prefix + ElementText(element);
    if (path.starts_with('.')) path.erase(0, 1);
    if (below == nullptr || below->empty()) {
      paths.push_back(std::move(path));
    } else {
      Collect(*below, path, paths);
    }
  }
}

}  // namespace

std::vector<ManagerEntry> ManagersOf(const boost::json::object& object) {
  std::vector<ManagerEntry> entries;
  const boost::json::object* metadata = GetObject(object, "metadata");
  const boost::json::array* list = metadata ? GetArray(*metadata, "managedFields") : nullptr;
  if (list == nullptr) return entries;
  for (const boost::json::value& item : *list) {
    const boost::json::object* entry = item.if_object();
    const FieldTree* fields = entry ? GetObject(*entry, "fieldsV1") : nullptr;
    if (fields == nullptr) continue;
    entries.push_back({GetString(*entry, "manager"), GetString(*entry, "operation"),
                       GetString(*entry, "subresource"), GetString(*entry, "apiVersion"),
                       GetString(*entry, "time"), fields});
  }
  return entries;
}

ManagerEntry AppliedBy(const boost::json::object& object, std::string_view manager) {
  const boost::json::object* metadata = GetObject(object, "metadata");
  const boost::json::array* list = metadata ? GetArray(*metadata, "managedFields") : nullptr;
  if (list == nullptr) return {};
  for (const boost::json::value& item : *list) {
    const boost::json::object* entry = item.if_object();
    if (entry == nullptr || GetString(*entry, "manager") != manager) continue;
    if (GetString(*entry, "operation") != "Apply") continue;
    if (!GetString(*entry, "subresource").empty()) continue;
    const FieldTree* fields = GetObject(*entry, "fieldsV1");
    if (fields == nullptr) continue;
    return {manager, "Apply", "", GetString(*entry, "apiVersion"), GetString(*entry, "time"),
            fields};
  }
  return {};
}

bool HasKeys(std::string_view element, const boost::json::value& item, bool lenient) {
  if (!element.starts_with("k:")) return false;
  return KeysEqual(Inside(element).value(), item, lenient);
}

const boost::json::value* ChildAt(const boost::json::value& parent, std::string_view element) {
  if (element.starts_with("f:")) {
    const boost::json::object* object = parent.if_object();
    return object == nullptr ? nullptr : Get(*object, element.substr(2));
  }
  const boost::json::array* array = parent.if_array();
  if (array == nullptr) return nullptr;
  if (element.starts_with("i:")) {
    size_t index = 0;
    const auto [end, error] =
        std::from_chars(element.data() + 2, element.data() + element.size(), index);
    return error == std::errc() && index < array->size() ? &(*array)[index] : nullptr;
  }
  const bool keyed = element.starts_with("k:");
  if (!keyed && !element.starts_with("v:")) return nullptr;
  const Inside inside(element);
  for (const boost::json::value& item : *array) {
    if (keyed ? KeysEqual(inside.value(), item, false) : item == inside.value()) return &item;
  }
  return nullptr;
}

bool IsKeyedList(const FieldTree& tree) {
  for (const auto& member : tree) {
    if (member.key().starts_with("k:")) return true;
  }
  return false;
}

std::string ElementText(std::string_view element) {
  if (element.starts_with("f:")) return "." + std::string(element.substr(2));
  if (element.starts_with("i:")) return "[" + std::string(element.substr(2)) + "]";
  const auto plain = [](const boost::json::value& value) {
    return value.is_string() ? std::string(View(value.get_string()))
                             : boost::json::serialize(value);
  };
  if (element.starts_with("v:")) return "[" + plain(Inside(element).value()) + "]";
  if (!element.starts_with("k:")) return std::string(element);
  const Inside inside(element);
  std::string text;
  if (inside.value().is_object()) {
    for (const auto& [name, value] : inside.value().get_object()) {
      text += (text.empty() ? "" : ",") + std::string(name) + "=" + plain(value);
    }
  }
  return "[" + text + "]";
}

std::vector<std::string> PathsOf(const FieldTree& tree) {
  std::vector<std::string> paths;
  Collect(tree, "", paths);
  return paths;
}

}  // namespace slipway::kube
