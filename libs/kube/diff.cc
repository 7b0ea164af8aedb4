#include "libs/kube/diff.h"

#include <algorithm>
#include <initializer_list>
#include <set>

#include "libs/base/strings.h"
#include "libs/kube/digest.h"
#include "libs/kube/mask.h"

namespace slipway::kube {
namespace {

constexpr size_t kMaxValue = 200;

std::string Shown(const boost::json::value& value) {
  return Truncate(boost::json::serialize(value), kMaxValue);
}

std::string Join(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}

using Keys = std::vector<std::string_view>;

// The item as "[name=web]"; empty if a key is missing.
std::string Label(const boost::json::value& item, const Keys& keys) {
  std::string label;
  for (const std::string_view key : keys) {
    const boost::json::object* object = item.if_object();
    const boost::json::value* value = object ? Get(*object, key) : nullptr;
    if (value == nullptr) return "";
    label += label.empty() ? "[" : ",";
    label += std::string(key) + "=";
    label += value->is_string() ? std::string(View(value->get_string()))
                                : boost::json::serialize(*value);
  }
  return label + "]";
}

bool AreUnique(const boost::json::array& items, const Keys& keys) {
  std::set<std::string> seen;
  for (const boost::json::value& item : items) {
    const std::string label = Label(item, keys);
    if (label.empty() || !seen.insert(label).second) return false;
  }
  return true;
}

// The keys that tell the items of two lists apart, by the names that Kubernetes uses for such keys;
// empty: they have none, and the lists are compared as wholes.
Keys KeysOf(const boost::json::array& before, const boost::json::array& after) {
  if (before.empty() && after.empty()) return {};
  static const std::vector<Keys> kCandidates = {
      {"name"}, {"containerPort"}, {"port"}, {"mountPath"}, {"devicePath"},
      {"ip"},   {"type"},          {"uid"},  {"host"},      {"topologyKey"}};
  for (const Keys& keys : kCandidates) {
    if (AreUnique(before, keys) && AreUnique(after, keys)) return keys;
  }
  return {};
}

// Walks two values.
class Differ {
 public:
  void Compare(const std::string& path, const boost::json::value* before,
               const boost::json::value* after) {
    if (before != nullptr && after != nullptr) {
      if (before->is_object() && after->is_object()) {
        return Objects(path, before->get_object(), after->get_object());
      }
      if (before->is_array() && after->is_array()) {
        const Keys keys = KeysOf(before->get_array(), after->get_array());
        if (!keys.empty()) return Lists(path, before->get_array(), after->get_array(), keys);
      }
      if (*before == *after) return;
    }
    DiffLine line;
    line.path = path;
    if (before != nullptr) line.before = Shown(*before);
    if (after != nullptr) line.after = Shown(*after);
    lines.push_back(std::move(line));
  }

  void Objects(const std::string& path, const boost::json::object& before,
               const boost::json::object& after) {
    ForEachSorted(after, [&](const boost::json::key_value_pair& member) {
      Compare(Join(path, {member.key().data(), member.key().size()}),
              before.if_contains(member.key()), &member.value());
    });
    ForEachSorted(before, [&](const boost::json::key_value_pair& member) {
      if (after.contains(member.key())) return;
      Compare(Join(path, {member.key().data(), member.key().size()}), &member.value(), nullptr);
    });
  }

  std::vector<DiffLine> lines;

 private:
  void Lists(const std::string& path, const boost::json::array& before,
             const boost::json::array& after, const Keys& keys) {
    const auto find = [&](const boost::json::array& list, const std::string& label) {
      const auto* found =
          std::find_if(list.begin(), list.end(),
                       [&](const boost::json::value& item) { return Label(item, keys) == label; });
      return found == list.end() ? nullptr : found;
    };
    std::vector<std::string> order_before, order_after;
    for (const boost::json::value& item : after) {
      const std::string label = Label(item, keys);
      const boost::json::value* was = find(before, label);
      Compare(path + label, was, &item);
      if (was != nullptr) order_after.push_back(label);
    }
    for (const boost::json::value& item : before) {
      const std::string label = Label(item, keys);
      if (find(after, label) == nullptr) {
        Compare(path + label, &item, nullptr);
      } else {
        order_before.push_back(label);
      }
    }
    if (order_before == order_after) return;
    lines.push_back(
        {path + " (order)", slipway::Join(order_before, " "), slipway::Join(order_after, " ")});
  }
};

void StripServerFields(boost::json::object& body) {
  body.erase("status");
  boost::json::value* metadata = body.if_contains("metadata");
  if (metadata == nullptr || !metadata->is_object()) return;
  for (const char* key :
       {"managedFields", "resourceVersion", "generation", "creationTimestamp", "uid", "selfLink"}) {
    metadata->get_object().erase(key);
  }
}

std::vector<DiffLine> Sorted(std::vector<DiffLine> lines) {
  std::stable_sort(lines.begin(), lines.end(),
                   [](const DiffLine& a, const DiffLine& b) { return a.path < b.path; });
  return lines;
}

}  // namespace

std::string DiffLine::Text() const {
  if (!before) return "+ " + path + ": " + after.value_or("");
  if (!after) return "- " + path + ": " + *before;
  return path + ": " + *before + " -> " + *after;
}

std::vector<DiffLine> DiffStates(const Object& before, const Object& after) {
  Object was = before, is = after;
  MaskPair(was, is);
  StripServerFields(was.body());
  StripServerFields(is.body());
  Differ differ;
  differ.Objects("", was.body(), is.body());
  return Sorted(std::move(differ.lines));
}

}  // namespace slipway::kube
