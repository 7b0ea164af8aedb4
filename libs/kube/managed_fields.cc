#include "libs/kube/managed_fields.h"

#include <algorithm>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/strings.h"
#include "libs/kube/digest.h"
#include "libs/kube/field_set.h"

namespace slipway::kube {
namespace {

using Member = boost::json::key_value_pair;

std::string_view KeyOf(const Member& member) { return {member.key().data(), member.key().size()}; }

const FieldTree& Below(const Member& member) {
  static const FieldTree kNothing;
  const FieldTree* below = member.value().if_object();
  return below == nullptr ? kNothing : *below;
}

void AddFields(Digest& digest, const FieldTree& tree) {
  ForEachSorted(tree, [&](const Member& member) {
    digest.Add('e', member.key());
    AddFields(digest, Below(member));
  });
  digest.Add('/');
}

void AddValues(Digest& digest, const FieldTree& tree, const boost::json::value* live);

void AddElement(Digest& digest, const Member& member, const boost::json::value* value) {
  digest.Add('e', member.key());
  const FieldTree& below = Below(member);
  if (value == nullptr) return digest.Add('-');
  if (below.empty()) return digest.AddValue(*value);
  AddValues(digest, below, value);
}

// Cheap digest of a list item's keys, to find it; what it finds is compared.
uint64_t KeyHash(const boost::json::object& names, const boost::json::object& from) {
  uint64_t hash = 14695981039346656037u;
  const auto mix = [&hash](const void* data, size_t size) {
    for (size_t i = 0; i < size; ++i) {
      hash = (hash ^ static_cast<const unsigned char*>(data)[i]) * 1099511628211u;
    }
  };
  for (const auto& [name, ignored] : names) {
    const boost::json::value* value = from.if_contains(name);
    if (value == nullptr) continue;
    if (const auto* text = value->if_string()) mix(text->data(), text->size());
    if (value->is_number()) {
      const double number = value->to_number<double>();
      mix(&number, sizeof(number));
    }
    mix("|", 1);
  }
  return hash;
}

// One of our items in a keyed list.
struct Item {
  uint64_t hash = 0;
  const Member* member = nullptr;
  boost::json::object keys = {};
  bool found = false;
};

// The items of a keyed list that are ours, in the order in which they stand in the live list, so
// that a changed order changes the digest; an item that somebody puts between them does not.
void AddKeyedItems(Digest& digest, const FieldTree& tree, const boost::json::value* live) {
  unsigned char buffer[4096];
  boost::json::monotonic_resource memory(buffer, sizeof(buffer));
  std::vector<Item> items;
  items.reserve(tree.size());
  for (const Member& member : tree) {
    if (!member.key().starts_with("k:")) continue;
    boost::system::error_code error;
    boost::json::value keys = boost::json::parse(member.key().substr(2), error, &memory);
    if (error || !keys.is_object()) continue;
    Item item{0, &member, std::move(keys.get_object()), false};
    item.hash = KeyHash(item.keys, item.keys);
    items.push_back(std::move(item));
  }
  if (items.empty()) return;
  std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) {
    return a.hash != b.hash ? a.hash < b.hash : a.member->key() < b.member->key();
  });
  const boost::json::array* array = live == nullptr ? nullptr : live->if_array();
  if (array != nullptr) {
    for (const boost::json::value& value : *array) {
      const boost::json::object* object = value.if_object();
      if (object == nullptr) continue;
      const uint64_t hash = KeyHash(items.front().keys, *object);
      auto it = std::lower_bound(items.begin(), items.end(), hash,
                                 [](const Item& item, uint64_t h) { return item.hash < h; });
      for (; it != items.end() && it->hash == hash; ++it) {
        if (!HasKeys(KeyOf(*it->member), value)) continue;
        it->found = true;
        AddElement(digest, *it->member, &value);
        break;
      }
    }
  }
  for (const Item& item : items) {
    if (!item.found) AddElement(digest, *item.member, nullptr);
  }
}

void AddValues(Digest& digest, const FieldTree& tree, const boost::json::value* live) {
  bool keyed = false;
  ForEachSorted(tree, [&](const Member& member) {
    const std::string_view element = KeyOf(member);
    if (element == ".") return digest.Add(live == nullptr ? '-' : '.');
    if (element.starts_with("k:")) {
      keyed = true;
      return;
    }
    AddElement(digest, member, live == nullptr ? nullptr : ChildAt(*live, element));
  });
  if (keyed) AddKeyedItems(digest, tree, live);
  digest.Add('/');
}

int64_t SecondsOf(std::string_view time) {
  absl::Time parsed;
  std::string ignored;
  if (!absl::ParseTime(absl::RFC3339_full, ToAbsl(time), &parsed, &ignored)) return 0;
  return absl::ToUnixSeconds(parsed);
}

}  // namespace

Observation ObserveMetadata(const boost::json::object& live, std::string_view manager) {
  Observation seen;
  const boost::json::object* metadata = GetObject(live, "metadata");
  if (metadata == nullptr) return seen;
  Digest uid;
  uid.Add('u', JsonView(GetString(*metadata, "uid")));
  seen.uid = uid.Finish();
  seen.generation = GetInt(*metadata, "generation").value_or(0);
  const ManagerEntry entry = AppliedBy(live, manager);
  if (entry.fields == nullptr) return seen;
  Digest fields;
  fields.Add('a', JsonView(entry.api_version));
  AddFields(fields, *entry.fields);
  seen.fields = fields.Finish();
  seen.time = SecondsOf(entry.time);
  return seen;
}

Observation Observe(const boost::json::object& live, std::string_view manager) {
  Observation seen = ObserveMetadata(live, manager);
  const ManagerEntry entry = AppliedBy(live, manager);
  if (entry.fields == nullptr) return seen;
  Digest values;
  ForEachSorted(*entry.fields, [&](const Member& member) {
    const std::string_view element = KeyOf(member);
    AddElement(values, member, element.starts_with("f:") ? Get(live, element.substr(2)) : nullptr);
  });
  seen.values = values.Finish();
  return seen;
}

Drift Compare(const Observation& before, const Observation& now) {
  if (before.uid != now.uid) return Drift::kRecreated;
  if (now.fields == 0) return before.fields == 0 ? Drift::kNone : Drift::kForgotten;
  if (before.fields != now.fields) return Drift::kTakenOver;
  const bool values_known = before.values != 0 && now.values != 0;
  if (values_known && before.values == now.values) return Drift::kNone;
  if (before.time != now.time) return Drift::kAppliedAsUs;
  return values_known ? Drift::kValuesChanged : Drift::kNone;
}

std::string_view DriftText(Drift drift) {
  switch (drift) {
    case Drift::kNone:
      return "";
    case Drift::kRecreated:
      return "the object was deleted and created anew";
    case Drift::kForgotten:
      return "its managedFields were cleared";
    case Drift::kTakenOver:
      return "another manager changed or removed fields of this app";
    case Drift::kAppliedAsUs:
      return "somebody applied it under the field manager of this installation";
    case Drift::kValuesChanged:
      return "values, or the order of a list, were changed";
  }
  return "";
}

}  // namespace slipway::kube
