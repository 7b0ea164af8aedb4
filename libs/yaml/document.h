#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libs/yaml/scalar.h"

namespace slipway::yaml {

// A place in the text, both from 1.
struct Mark {
  int line = 0;
  int column = 0;
};

// One node of the tree, with where it stands. A value.
struct Node {
  enum class Kind { kScalar, kSequence, kMapping };
  struct Entry;

  Kind kind = Kind::kScalar;
  Mark mark;
  std::string text;   // of a scalar
  bool plain = true;  // of a scalar: without quotes and not a block, so its text may stand for a
                      // number, boolean or null
  std::vector<Node> items;
  std::vector<Entry> entries;  // in the order of the text
};

struct Node::Entry {
  std::string key;
  Mark key_mark;
  Node value;
  bool key_plain = true;  // as Node::plain, of the key
};

// One document of a text. Immutable, so thread-safe.
class Document {
 public:
  explicit Document(Node root) : root_(std::move(root)) {}

  const Node& root() const { return root_; }
  boost::json::value ToJson(Scalars scalars = Scalars::kStrict) const;

  // Where "spec.deploymentPipelines[1].after" stands: the key of a mapping's entry, the start of a
  // sequence's item; of what is not there, the nearest parent that is.
  Mark LineOf(std::string_view path) const;

 private:
  Node root_;
};

}  // namespace slipway::yaml
