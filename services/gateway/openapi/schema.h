#pragma once

#include <boost/json.hpp>
#include <set>
#include <string>

#include "google/protobuf/descriptor.h"

namespace slipway::gateway {

// Makes the schemas of an OpenAPI document out of message types, each once and by reference. Not
// thread-safe.
class SchemaBook {
 public:
  // A reference to the schema of `type`; the type and all that it uses get into the book.
  boost::json::object RefTo(const google::protobuf::Descriptor* type);
  // The schema of one value of a field, or of the list or map that it holds.
  boost::json::object OfField(const google::protobuf::FieldDescriptor* field);

  // Name of the schema: its full name without the version's package parts that say nothing,
  // "build.Run".
  static std::string NameOf(const google::protobuf::Descriptor* type);

  boost::json::object Take() { return std::move(schemas_); }

 private:
  boost::json::object OfValue(const google::protobuf::FieldDescriptor* field);

  boost::json::object schemas_;
};

// The comment above a descriptor, without the space around it; "" when there is none.
template <typename Descriptor>
std::string CommentOf(const Descriptor* descriptor) {
  google::protobuf::SourceLocation location;
  if (!descriptor->GetSourceLocation(&location)) return "";
  std::string text;
  for (const char c : location.leading_comments) {
    if (c == ' ' && (text.empty() || text.back() == ' ')) continue;
    text += c == '\n' ? ' ' : c;
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

}  // namespace slipway::gateway
