#include "libs/yaml/parser.h"

#include <yaml.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/yaml/errors.h"

namespace slipway::yaml {
namespace {

Mark MarkOf(const yaml_mark_t& mark) {
  return {static_cast<int>(mark.line) + 1, static_cast<int>(mark.column) + 1};
}

// One event of libyaml, freed at the end.
class Event {
 public:
  Event() = default;
  ~Event() { yaml_event_delete(&event_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  yaml_event_t* get() { return &event_; }
  yaml_event_type_t type() const { return event_.type; }
  const yaml_event_t* operator->() const { return &event_; }
  Mark mark() const { return MarkOf(event_.start_mark); }

 private:
  yaml_event_t event_{};
};

// Reads events and builds the tree. libyaml gives events, never a tree, so nothing is built before
// it is checked.
class Reader {
 public:
  Reader(std::string_view text, const Policy& policy) : policy_(policy) {
    yaml_parser_initialize(&parser_);
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size());
  }
  ~Reader() { yaml_parser_delete(&parser_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  absl::StatusOr<std::vector<Document>> ReadAll() {
    std::vector<Document> documents;
    while (true) {
      Event event;
      SLIPWAY_RETURN_IF_ERROR(Next(event));
      if (event.type() == YAML_STREAM_END_EVENT) return documents;
      if (event.type() != YAML_DOCUMENT_START_EVENT) continue;
      anchors_.clear();
      Event first;
      SLIPWAY_RETURN_IF_ERROR(Next(first));
      SLIPWAY_ASSIGN_OR_RETURN(Node root, ReadNode(first, 1));
      const bool empty = root.kind == Node::Kind::kScalar && root.plain && root.text.empty();
      if (!empty) documents.emplace_back(std::move(root));
    }
  }

 private:
  absl::Status Next(Event& event) {
    if (yaml_parser_parse(&parser_, event.get()) != 0) return absl::OkStatus();
    Mark mark = MarkOf(parser_.problem_mark);
    std::string problem = parser_.problem != nullptr ? parser_.problem : "can't be read";
    if (parser_.error == YAML_READER_ERROR) {
      mark = MarkOf(parser_.mark);
      problem += " (the text must be UTF-8)";
    }
    if (parser_.context != nullptr) problem = std::string(parser_.context) + ": " + problem;
    return Invalid(mark, problem);
  }

  absl::StatusOr<Node> ReadNode(const Event& event, int depth) {
    if (depth > policy_.max_depth) {
      return Invalid(event.mark(),
                     "nested deeper than " + std::to_string(policy_.max_depth) + " levels");
    }
    if (++nodes_ > policy_.max_nodes) {
      return Invalid(event.mark(), "more than " + std::to_string(policy_.max_nodes) + " values");
    }
    const size_t nodes_before = nodes_ - 1;
    Node node;
    node.mark = event.mark();
    const yaml_char_t* anchor = nullptr;
    switch (event.type()) {
      case YAML_SCALAR_EVENT: {
        const auto& scalar = event->data.scalar;
        anchor = scalar.anchor;
        SLIPWAY_RETURN_IF_ERROR(CheckMarks(event, anchor, scalar.tag));
        node.text.assign(reinterpret_cast<const char*>(scalar.value), scalar.length);
        node.plain = scalar.tag == nullptr ? scalar.style == YAML_PLAIN_SCALAR_STYLE
                                           : TextOf(scalar.tag) != YAML_STR_TAG;
        break;
      }
      case YAML_SEQUENCE_START_EVENT:
        anchor = event->data.sequence_start.anchor;
        SLIPWAY_RETURN_IF_ERROR(CheckMarks(event, anchor, event->data.sequence_start.tag));
        node.kind = Node::Kind::kSequence;
        SLIPWAY_RETURN_IF_ERROR(ReadItems(node, depth));
        break;
      case YAML_MAPPING_START_EVENT:
        anchor = event->data.mapping_start.anchor;
        SLIPWAY_RETURN_IF_ERROR(CheckMarks(event, anchor, event->data.mapping_start.tag));
        node.kind = Node::Kind::kMapping;
        SLIPWAY_RETURN_IF_ERROR(ReadEntries(node, depth));
        break;
      case YAML_ALIAS_EVENT:
        return ReadAlias(event, depth);
      default:
        return Invalid(event.mark(), "a value is missing");
    }
    // Only now: an alias inside the value can't stand for the value itself.
    if (anchor != nullptr) {
      anchors_[std::string(TextOf(anchor))] = {node, nodes_ - nodes_before, HeightOf(node)};
    }
    return node;
  }

  static std::string_view TextOf(const yaml_char_t* text) {
    return reinterpret_cast<const char*>(text);
  }

  static int HeightOf(const Node& node) {
    int height = 0;
    for (const Node& item : node.items) height = std::max(height, HeightOf(item));
    for (const Node::Entry& entry : node.entries) height = std::max(height, HeightOf(entry.value));
    return height + 1;
  }

  absl::StatusOr<Node> ReadAlias(const Event& event, int depth) {
    if (!policy_.aliases) {
      return Invalid(event.mark(), "aliases (*name) are not supported here; write the value out");
    }
    const std::string name(TextOf(event->data.alias.anchor));
    const auto found = anchors_.find(name);
    if (found == anchors_.end()) {
      return Invalid(event.mark(), "the alias *" + Truncate(name, 80) +
                                       " stands for nothing that was given before it");
    }
    const Anchor& anchor = found->second;
    nodes_ += anchor.nodes - 1;
    if (nodes_ > policy_.max_nodes) {
      return Invalid(event.mark(), "more than " + std::to_string(policy_.max_nodes) +
                                       " values, those that aliases stand for counted");
    }
    if (depth + anchor.height - 1 > policy_.max_depth) {
      return Invalid(event.mark(),
                     "nested deeper than " + std::to_string(policy_.max_depth) + " levels");
    }
    return anchor.node;
  }

  absl::Status CheckMarks(const Event& event, const yaml_char_t* anchor,
                          const yaml_char_t* tag) const {
    if (anchor != nullptr && !policy_.aliases)
      return Invalid(event.mark(), "anchors (&name) are not supported here; write the value out");
    if (tag == nullptr) return absl::OkStatus();
    if (!policy_.core_tags) return Invalid(event.mark(), "tags (!name) are not supported here");
    static constexpr std::string_view kCore[] = {YAML_STR_TAG,  YAML_INT_TAG,      YAML_FLOAT_TAG,
                                                 YAML_BOOL_TAG, YAML_NULL_TAG,     YAML_SEQ_TAG,
                                                 YAML_MAP_TAG,  YAML_TIMESTAMP_TAG};
    if (std::find(std::begin(kCore), std::end(kCore), TextOf(tag)) == std::end(kCore)) {
      return Invalid(event.mark(),
                     "the tag " + Truncate(TextOf(tag), 80) + " is not supported here");
    }
    return absl::OkStatus();
  }

  absl::Status ReadItems(Node& node, int depth) {
    while (true) {
      Event event;
      SLIPWAY_RETURN_IF_ERROR(Next(event));
      if (event.type() == YAML_SEQUENCE_END_EVENT) return absl::OkStatus();
      SLIPWAY_ASSIGN_OR_RETURN(Node item, ReadNode(event, depth + 1));
      node.items.push_back(std::move(item));
    }
  }

  absl::Status ReadEntries(Node& node, int depth) {
    std::map<std::string, Mark> seen;
    std::vector<Node> merged;
    while (true) {
      Event event;
      SLIPWAY_RETURN_IF_ERROR(Next(event));
      if (event.type() == YAML_MAPPING_END_EVENT) {
        for (Node& source : merged) SLIPWAY_RETURN_IF_ERROR(Merge(source, seen, node));
        return absl::OkStatus();
      }
      if (event.type() != YAML_SCALAR_EVENT && event.type() != YAML_ALIAS_EVENT) {
        return Invalid(event.mark(), "a key must be a single value");
      }
      SLIPWAY_ASSIGN_OR_RETURN(Node key, ReadNode(event, depth + 1));
      if (key.kind != Node::Kind::kScalar) {
        return Invalid(event.mark(), "a key must be a single value");
      }
      if (key.plain && key.text == "<<") {
        if (!policy_.aliases) {
          return Invalid(key.mark, "merge keys (<<) are not supported here; write the values out");
        }
        Event source_event;
        SLIPWAY_RETURN_IF_ERROR(Next(source_event));
        SLIPWAY_ASSIGN_OR_RETURN(Node source, ReadNode(source_event, depth));
        merged.push_back(std::move(source));
        continue;
      }
      if (const auto [earlier, is_new] = seen.emplace(key.text, key.mark); !is_new) {
        return Invalid(key.mark, "duplicate key \"" + Truncate(key.text, 80) +
                                     "\", already given in line " +
                                     std::to_string(earlier->second.line));
      }
      Event value_event;
      SLIPWAY_RETURN_IF_ERROR(Next(value_event));
      SLIPWAY_ASSIGN_OR_RETURN(Node value, ReadNode(value_event, depth + 1));
      node.entries.push_back({std::move(key.text), key.mark, std::move(value), key.plain});
    }
  }

  // Adds the entries of a merge key's mapping, or list of mappings, that are not there yet: what
  // the mapping says itself wins, then the first of the list.
  static absl::Status Merge(Node& source, std::map<std::string, Mark>& seen, Node& node) {
    if (source.kind == Node::Kind::kSequence) {
      for (Node& item : source.items) {
        if (item.kind != Node::Kind::kMapping) {
          return Invalid(item.mark, "a merge key (<<) takes mappings only");
        }
        SLIPWAY_RETURN_IF_ERROR(Merge(item, seen, node));
      }
      return absl::OkStatus();
    }
    if (source.kind != Node::Kind::kMapping) {
      return Invalid(source.mark, "a merge key (<<) takes mappings only");
    }
    for (Node::Entry& entry : source.entries) {
      if (seen.emplace(entry.key, entry.key_mark).second) node.entries.push_back(std::move(entry));
    }
    return absl::OkStatus();
  }

  // A value that aliases may stand for.
  struct Anchor {
    Node node;
    size_t nodes = 0;
    int height = 0;
  };

  const Policy& policy_;
  yaml_parser_t parser_;
  size_t nodes_ = 0;
  std::map<std::string, Anchor> anchors_;
};

}  // namespace

absl::StatusOr<std::vector<Document>> Parse(std::string_view text, const Policy& policy) {
  if (text.size() > policy.max_bytes) {
    return Invalid({1, 1}, "the text has " + std::to_string(text.size()) + " bytes, at most " +
                               std::to_string(policy.max_bytes) + " are read");
  }
  return Reader(text, policy).ReadAll();
}

}  // namespace slipway::yaml
