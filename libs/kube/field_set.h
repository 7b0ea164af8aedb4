#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "libs/kube/object.h"

// Reading metadata.managedFields, whose fieldsV1 is a tree of elements: "f:NAME" is a member,
// "k:{..}" the item of a keyed list with these keys, "v:VALUE" an item of a set, "i:N" an item by
// index, and
// "." the thing itself; an element without children is owned as a whole.
// https://kubernetes.io/docs/reference/using-api/server-side-apply/
namespace slipway::kube {

using FieldTree = boost::json::object;

// One entry of metadata.managedFields; its views live as long as the object.
struct ManagerEntry {
  std::string_view manager = {};
  std::string_view operation = {};  // "Apply" or "Update"
  std::string_view subresource = {};
  std::string_view api_version = {};
  std::string_view time = {};
  const FieldTree* fields = nullptr;  // never null
};

std::vector<ManagerEntry> ManagersOf(const boost::json::object& object);

// The entry of what that manager applied to the object itself; `fields` is null if there is none.
ManagerEntry AppliedBy(const boost::json::object& object, std::string_view manager);

// Whether the item of a keyed list has the keys of "k:{...}". `lenient`: keys that the item doesn't
// have count as equal, since only a server fills in defaults.
bool HasKeys(std::string_view element, const boost::json::value& item, bool lenient = false);

// What an element stands for in a value; null: nothing.
const boost::json::value* ChildAt(const boost::json::value& parent, std::string_view element);

// The keyed elements of a tree that stand for list items; empty: the list is not a keyed one.
bool IsKeyedList(const FieldTree& tree);

// The element as people write it: ".image", "[name=web]", "[containerPort=80,protocol=TCP]", "[2]".
std::string ElementText(std::string_view element);

// The paths that a tree owns as a whole, as people write them:
// "spec.template.spec.containers[name=web].image".
std::vector<std::string> PathsOf(const FieldTree& tree);

}  // namespace slipway::kube
