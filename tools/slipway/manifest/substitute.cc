#include "tools/slipway/manifest/substitute.h"

namespace slipway::cli {
namespace {

bool IsName(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (!letter && !(c >= '0' && c <= '9')) return false;
  }
  return true;
}

// Empty problem: `text` is filled.
std::string Fill(std::string& text, const Lookup& lookup) {
  std::string filled;
  for (size_t i = 0; i < text.size();) {
    if (text.compare(i, 3, "$${") == 0) {
      filled += "${";
      i += 3;
      continue;
    }
    if (text.compare(i, 2, "${") != 0) {
      filled += text[i++];
      continue;
    }
    const size_t end = text.find('}', i);
    const std::string name = end == std::string::npos ? "" : text.substr(i + 2, end - i - 2);
    if (!IsName(name)) return "\"${\" needs a variable's name and \"}\"; write $${ for ${ itself";
    const std::optional<std::string> value = lookup(name);
    if (!value)
      return "${" + name + "} is not set in the environment; export " + name +
             ", or write $${ for ${ itself";
    filled += *value;
    i = end + 1;
  }
  text = filled;
  return "";
}

}  // namespace

void Substitute(yaml::Node& node, const std::string& path, const Lookup& lookup,
                const OnProblem& on_problem) {
  if (node.kind == yaml::Node::Kind::kScalar) {
    const std::string problem = Fill(node.text, lookup);
    if (!problem.empty()) on_problem(node.mark, path, problem);
    return;
  }
  size_t index = 0;
  for (yaml::Node& item : node.items)
    Substitute(item, path + "[" + std::to_string(index++) + "]", lookup, on_problem);
  for (yaml::Node::Entry& entry : node.entries) {
    if (entry.key == "script") continue;
    Substitute(entry.value, path.empty() ? entry.key : path + "." + entry.key, lookup, on_problem);
  }
}

}  // namespace slipway::cli
