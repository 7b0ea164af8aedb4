#include "services/gateway/transcode/route_table.h"

#include <algorithm>

#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"

namespace slipway::gateway {

using Kind = PathTemplate::Segment::Kind;

absl::StatusOr<std::string> PercentDecode(std::string_view text, bool keep_slash,
                                          bool plus_is_space) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const auto byte = HexDecode(text.substr(i + 1, 2));
      if (!byte || byte->size() != 1) return absl::InvalidArgumentError("a % escape is broken");
      c = byte->front();
      i += 2;
      if (c == '/' && keep_slash) {
        result += "%2F";
        continue;
      }
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (keep_slash && (static_cast<unsigned char>(c) < ' ' || c == 0x7f)) {
      return absl::InvalidArgumentError("the path holds a control character");
    }
    result += c;
  }
  return result;
}

absl::Status RouteTable::Add(std::string_view http_method, const PathTemplate& path, size_t route) {
  Node* node = &root_;
  for (const PathTemplate::Segment& segment : path.segments) {
    std::unique_ptr<Node>& next = segment.kind == Kind::kLiteral ? node->literals[segment.text]
                                  : segment.kind == Kind::kOne   ? node->one
                                                                 : node->rest;
    if (!next) next = std::make_unique<Node>();
    node = next.get();
  }
  if (!node->routes.emplace(std::pair(path.verb, std::string(http_method)), route).second) {
    return absl::AlreadyExistsError("two routes answer the same requests");
  }
  return absl::OkStatus();
}

const RouteTable::Node* RouteTable::Walk(const Node& node, const std::vector<std::string>& segments,
                                         size_t at, const std::string& verb,
                                         const std::string& method) {
  const std::pair key(verb, method);
  if (at == segments.size()) return node.routes.count(key) > 0 ? &node : nullptr;
  if (const auto found = node.literals.find(segments[at]); found != node.literals.end()) {
    if (const Node* end = Walk(*found->second, segments, at + 1, verb, method)) return end;
  }
  if (node.one) {
    if (const Node* end = Walk(*node.one, segments, at + 1, verb, method)) return end;
  }
  if (node.rest && node.rest->routes.count(key) > 0) return node.rest.get();
  return nullptr;
}

void RouteTable::CollectMethods(const Node& node, const std::vector<std::string>& segments,
                                size_t at, const std::string& verb,
                                std::vector<std::string>& methods) {
  const auto collect = [&](const Node& end) {
    for (const auto& [key, route] : end.routes) {
      if (key.first == verb) methods.push_back(key.second);
    }
  };
  if (at == segments.size()) return collect(node);
  if (const auto found = node.literals.find(segments[at]); found != node.literals.end()) {
    CollectMethods(*found->second, segments, at + 1, verb, methods);
  }
  if (node.one) CollectMethods(*node.one, segments, at + 1, verb, methods);
  if (node.rest) collect(*node.rest);
}

absl::StatusOr<RouteTable::Match> RouteTable::Find(std::string_view http_method,
                                                   std::string_view path) const {
  if (path.empty() || path.front() != '/') return absl::InvalidArgumentError("no absolute path");
  std::vector<std::string> segments = Split(path.substr(1), '/');
  for (std::string& segment : segments) {
    SLIPWAY_ASSIGN_OR_RETURN(segment, PercentDecode(segment, true, false));
    if (segment.empty() || segment == "." || segment == "..") {
      return absl::InvalidArgumentError("the path has an empty, . or .. segment");
    }
  }
  const std::string method(http_method);
  // Split after decoding, since clients may send the colon as %3A.
  const size_t colon = segments.back().rfind(':');
  std::string verb;
  std::vector<std::string> without_verb = segments;
  if (colon != std::string::npos) {
    verb = segments.back().substr(colon + 1);
    without_verb.back().resize(colon);
    if (const Node* end = Walk(root_, without_verb, 0, verb, method)) {
      return Match{end->routes.at({verb, method}), std::move(without_verb)};
    }
  }
  if (const Node* end = Walk(root_, segments, 0, "", method)) {
    return Match{end->routes.at({"", method}), std::move(segments)};
  }
  std::vector<std::string> methods;
  CollectMethods(root_, segments, 0, "", methods);
  if (!verb.empty()) CollectMethods(root_, without_verb, 0, verb, methods);
  if (methods.empty()) return absl::NotFoundError("nothing is at this path");
  std::sort(methods.begin(), methods.end());
  methods.erase(std::unique(methods.begin(), methods.end()), methods.end());
  return absl::UnimplementedError(Join(methods, ", "));
}

}  // namespace slipway::gateway
