#include "services/gitops/sync/ignore_rules.h"

#include <fnmatch.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>

#include "libs/kube/field_set.h"

namespace slipway::gitops::sync {
namespace {

using boost::json::value;
using kube::FieldTree;

bool Matches(const std::string& glob, const std::string& text) {
  return glob.empty() || ::fnmatch(glob.c_str(), text.c_str(), 0) == 0;
}

std::optional<size_t> Index(const std::string& step) {
  size_t index = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
  if (step.empty() || error != std::errc() || end != step.data() + step.size()) return std::nullopt;
  return index;
}

// One manager's tree on the way along a path.
struct Trail {
  bool ours = false;
  const FieldTree* tree = nullptr;  // null: owns nothing here
  bool whole = false;               // owns something above as a whole, so also this
};

// A place in the manifest, on the cluster, and in what is owned.
class Place {
 public:
  Place(const value& desired, const value& live, std::string_view manager)
      : desired_(&desired), live_(&live) {
    for (const kube::ManagerEntry& entry : kube::ManagersOf(live.get_object())) {
      const bool ours =
          entry.manager == manager && entry.operation == "Apply" && entry.subresource.empty();
      trails_.push_back({ours, entry.fields, false});
    }
  }

  void Enter(const std::string& step) {
    if ((desired_ != nullptr && desired_->is_array()) || (live_ != nullptr && live_->is_array())) {
      EnterItem(step);
      return;
    }
    EnterElement("f:" + step);
    desired_ = Member(desired_, step);
    live_ = Member(live_, step);
  }

  const value* live() const { return live_; }
  bool OwnedByUs() const { return Owned(true); }
  bool OwnedByOthers() const { return Owned(false); }

 private:
  static const value* Member(const value* parent, const std::string& key) {
    const boost::json::object* object = parent == nullptr ? nullptr : parent->if_object();
    return object == nullptr ? nullptr : kube::Get(*object, key);
  }

  static const value* Item(const value* parent, size_t index) {
    const boost::json::array* array = parent == nullptr ? nullptr : parent->if_array();
    return array == nullptr || index >= array->size() ? nullptr : &(*array)[index];
  }

  // The index is that of the manifest; on the cluster the item with the same keys is meant.
  void EnterItem(const std::string& step) {
    const auto index = Index(step);
    const value* wanted = index ? Item(desired_, *index) : nullptr;
    const value* named = wanted != nullptr ? wanted : index ? Item(live_, *index) : nullptr;
    const std::string element = named == nullptr ? "" : ElementOf(*named);
    if (!element.empty()) {
      live_ = live_ == nullptr ? nullptr : kube::ChildAt(*live_, element);
    } else {
      live_ = index ? Item(live_, *index) : nullptr;
    }
    desired_ = wanted;
    EnterElement(element);
  }

  std::string ElementOf(const value& item) const {
    for (const Trail& trail : trails_) {
      if (trail.tree == nullptr) continue;
      for (const auto& member : *trail.tree) {
        const std::string_view element(member.key().data(), member.key().size());
        if (kube::HasKeys(element, item, true)) return std::string(element);
      }
    }
    return "";
  }

  void EnterElement(const std::string& element) {
    for (Trail& trail : trails_) {
      if (trail.tree == nullptr) continue;
      if (trail.tree->empty()) {
        trail.whole = true;
        trail.tree = nullptr;
        continue;
      }
      trail.tree = element.empty() ? nullptr : kube::GetObject(*trail.tree, element);
    }
  }

  bool Owned(bool ours) const {
    return std::any_of(trails_.begin(), trails_.end(), [&](const Trail& trail) {
      return trail.ours == ours && (trail.whole || trail.tree != nullptr);
    });
  }

  const value* desired_;
  const value* live_;
  std::vector<Trail> trails_;
};

// The parent of the last step in the payload; null: it is not there.
value* ParentIn(value& payload, const std::vector<std::string>& steps) {
  value* parent = &payload;
  for (size_t i = 0; i + 1 < steps.size(); ++i) {
    if (auto* object = parent->if_object()) {
      parent = object->if_contains(kube::JsonView(steps[i]));
    } else if (auto* array = parent->if_array()) {
      const auto index = Index(steps[i]);
      parent = index && *index < array->size() ? &(*array)[*index] : nullptr;
    } else {
      parent = nullptr;
    }
    if (parent == nullptr) return nullptr;
  }
  return parent;
}

// As ParentIn, and makes the objects that are missing on the way.
value* MakeParent(value& payload, const std::vector<std::string>& steps) {
  value* parent = &payload;
  for (size_t i = 0; i + 1 < steps.size(); ++i) {
    if (auto* object = parent->if_object()) {
      value& child = (*object)[kube::JsonView(steps[i])];
      if (child.is_null()) child.emplace_object();
      parent = &child;
    } else {
      const auto index = Index(steps[i]);
      auto* array = parent->if_array();
      if (array == nullptr || !index || *index >= array->size()) return nullptr;
      parent = &(*array)[*index];
    }
  }
  return parent->is_object() ? parent : nullptr;
}

// Applies the rules to one object.
class Ignorer {
 public:
  Ignorer(const kube::Object& desired, const kube::Object& live, std::string_view manager)
      : desired_(desired.body()), live_(live.body()), payload_(desired_), manager_(manager) {}

  void Pointer(const std::string& pointer) {
    const std::vector<std::string> steps = kube::PointerSteps(pointer);
    if (steps.empty() || kube::IsIdentity(steps)) return;
    Place place(desired_, live_, manager_);
    for (const std::string& step : steps) place.Enter(step);
    const bool only_ours = place.OwnedByUs() && !place.OwnedByOthers();
    if (only_ours && place.live() != nullptr) {
      KeepLive(pointer, steps, *place.live());
    } else {
      LeaveOut(pointer, steps);
    }
  }

  void Manager(const std::string& manager) {
    if (manager == manager_) return;
    for (const kube::ManagerEntry& entry : kube::ManagersOf(live_.get_object())) {
      if (entry.manager == manager) RemoveOwned(*entry.fields, payload_, "", nullptr);
    }
  }

  IgnoredPayload Finish() {
    // Last, and from behind, so that indices stay what they were.
    std::sort(items_.begin(), items_.end(), std::greater<>());
    items_.erase(std::unique(items_.begin(), items_.end()), items_.end());
    for (const auto& [steps, index] : items_) {
      value* parent = ParentIn(payload_, steps);
      if (parent == nullptr || !parent->is_array()) continue;
      auto& array = parent->get_array();
      if (index < array.size()) array.erase(array.begin() + static_cast<std::ptrdiff_t>(index));
    }
    result_.payload = kube::Object(std::move(payload_.get_object()));
    return std::move(result_);
  }

 private:
  void KeepLive(const std::string& pointer, const std::vector<std::string>& steps,
                const value& live) {
    value* parent = MakeParent(payload_, steps);
    if (parent == nullptr) return;
    (parent->get_object())[kube::JsonView(steps.back())] = live;
    result_.kept_live.push_back(pointer);
  }

  void LeaveOut(const std::string& pointer, const std::vector<std::string>& steps) {
    value* parent = ParentIn(payload_, steps);
    if (parent == nullptr) return;
    if (auto* object = parent->if_object()) {
      if (object->erase(kube::JsonView(steps.back())) > 0) result_.left_out.push_back(pointer);
    } else if (const auto index = Index(steps.back());
               index && parent->is_array() && *index < parent->get_array().size()) {
      items_.emplace_back(steps, *index);
      result_.left_out.push_back(pointer);
    }
  }

  // Removes from `place` what the tree owns. `keys` is the element of the list item that `place`
  // is, whose keys stay.
  void RemoveOwned(const FieldTree& tree, value& place, const std::string& path,
                   const std::string_view* keys) {
    for (const auto& member : tree) {
      const std::string_view element(member.key().data(), member.key().size());
      std::string below_path = path + kube::ElementText(element);
      if (below_path.starts_with('.')) below_path.erase(0, 1);
      const FieldTree* below = member.value().if_object();
      const bool leaf = below == nullptr || below->empty();
      if (element.starts_with("f:") && place.is_object()) {
        value* child = place.get_object().if_contains(member.key().substr(2));
        if (child == nullptr) continue;
        if (!leaf) {
          RemoveOwned(*below, *child, below_path, nullptr);
        } else if (!IsKey(keys, element.substr(2)) && below_path != "metadata.name" &&
                   below_path != "metadata.namespace") {
          place.get_object().erase(member.key().substr(2));
          result_.left_out.push_back(std::move(below_path));
        }
      } else if (element.starts_with("k:") && place.is_array() && !leaf) {
        for (value& item : place.get_array()) {
          if (!kube::HasKeys(element, item, true)) continue;
          RemoveOwned(*below, item, below_path, &element);
          break;
        }
      }
    }
  }

  static bool IsKey(const std::string_view* element, std::string_view name) {
    if (element == nullptr) return false;
    return element->find("\"" + std::string(name) + "\":") != std::string_view::npos;
  }

  const value desired_;
  const value live_;
  value payload_;
  const std::string_view manager_;
  std::vector<std::pair<std::vector<std::string>, size_t>> items_;
  IgnoredPayload result_;
};

}  // namespace

bool Applies(const IgnoreRule& rule, const kube::ObjectId& id) {
  return Matches(rule.group, id.group.empty() ? "core" : id.group) && Matches(rule.kind, id.kind) &&
         Matches(rule.ns, id.ns) && Matches(rule.name, id.name);
}

IgnoredPayload ApplyIgnoreRules(const std::vector<IgnoreRule>& rules, const kube::Object& desired,
                                const kube::Object* live, std::string_view manager) {
  std::vector<const IgnoreRule*> applying;
  const kube::ObjectId id = desired.id();
  for (const IgnoreRule& rule : rules) {
    if (Applies(rule, id)) applying.push_back(&rule);
  }
  if (applying.empty() || live == nullptr) return {desired, {}, {}};
  Ignorer ignorer(desired, *live, manager);
  for (const IgnoreRule* rule : applying) {
    for (const std::string& pointer : rule->json_pointers) ignorer.Pointer(pointer);
  }
  for (const IgnoreRule* rule : applying) {
    for (const std::string& name : rule->managers) ignorer.Manager(name);
  }
  return ignorer.Finish();
}

}  // namespace slipway::gitops::sync
