#include "libs/yaml/document.h"

#include <charconv>

#include "libs/yaml/scalar.h"

namespace slipway::yaml {
namespace {

boost::json::value JsonOf(const Node& node, Scalars scalars) {
  switch (node.kind) {
    case Node::Kind::kScalar:
      return node.plain ? ResolveScalar(node.text, scalars) : boost::json::value(node.text);
    case Node::Kind::kSequence: {
      boost::json::array array;
      for (const Node& item : node.items) array.push_back(JsonOf(item, scalars));
      return array;
    }
    case Node::Kind::kMapping: {
      boost::json::object object;
      for (const Node::Entry& entry : node.entries) {
        object[entry.key_plain ? KeyText(entry.key, scalars) : entry.key] =
            JsonOf(entry.value, scalars);
      }
      return object;
    }
  }
  return nullptr;
}

// One step of a path: "[3]" or a key. Takes it off the front of `path`.
std::string_view TakeStep(std::string_view& path) {
  if (path.starts_with('.')) path.remove_prefix(1);
  size_t end = path.starts_with('[') ? path.find(']') : path.find_first_of(".[");
  if (end == std::string_view::npos) {
    end = path.size();
  } else if (path.starts_with('[')) {
    ++end;
  }
  const std::string_view step = path.substr(0, end);
  path.remove_prefix(end);
  return step;
}

// The child of `node` that `step` names, and its place; null if it is not there.
const Node* ChildOf(const Node& node, std::string_view step, Mark& mark) {
  if (step.starts_with('[')) {
    size_t index = 0;
    const auto [end, error] = std::from_chars(step.data() + 1, step.data() + step.size(), index);
    if (error != std::errc() || index >= node.items.size()) return nullptr;
    mark = node.items[index].mark;
    return &node.items[index];
  }
  for (const Node::Entry& entry : node.entries) {
    if (entry.key != step) continue;
    mark = entry.key_mark;
    return &entry.value;
  }
  return nullptr;
}

}  // namespace

boost::json::value Document::ToJson(Scalars scalars) const { return JsonOf(root_, scalars); }

Mark Document::LineOf(std::string_view path) const {
  Mark mark = root_.mark;
  const Node* node = &root_;
  while (!path.empty() && node != nullptr) node = ChildOf(*node, TakeStep(path), mark);
  return mark;
}

}  // namespace slipway::yaml
