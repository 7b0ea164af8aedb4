#include "services/gateway/openapi/schema.h"

#include "services/gateway/transcode/well_known.h"
#include "slipway/api/options.pb.h"

namespace slipway::gateway {
namespace {

namespace bj = boost::json;
namespace pb = google::protobuf;
using pb::FieldDescriptor;

bj::object Typed(std::string_view type, std::string_view format = "") {
  bj::object schema = {{"type", std::string(type)}};
  if (!format.empty()) schema["format"] = std::string(format);
  return schema;
}

bj::object EnumSchema(const pb::EnumDescriptor* type) {
  bj::array names;
  std::string text = CommentOf(type);
  for (int i = 0; i < type->value_count(); ++i) {
    names.emplace_back(type->value(i)->name());
    const std::string comment = CommentOf(type->value(i));
    if (!comment.empty())
      text += (text.empty() ? "" : "\n") + ("- " + type->value(i)->name()) + ": " + comment;
  }
  bj::object schema = {{"type", "string"}, {"enum", std::move(names)}};
  if (!text.empty()) schema["description"] = text;
  return schema;
}

bj::object TextTypeSchema(const pb::Descriptor* type) {
  if (type->name() == "Timestamp") return Typed("string", "date-time");
  bj::object schema = Typed("string");
  schema["example"] = type->name() == "Duration" ? "90s" : "displayName,spec.trigger";
  return schema;
}

}  // namespace

std::string SchemaBook::NameOf(const pb::Descriptor* type) {
  std::string name = type->full_name();
  const std::string_view prefix = "slipway.";
  if (name.rfind(prefix, 0) != 0) return name;
  name = name.substr(prefix.size());
  const size_t version = name.find(".v1.");
  return version == std::string::npos ? name : name.substr(0, version) + name.substr(version + 3);
}

bj::object SchemaBook::OfValue(const FieldDescriptor* field) {
  switch (field->type()) {
    case FieldDescriptor::TYPE_BOOL:
      return Typed("boolean");
    case FieldDescriptor::TYPE_STRING:
      return Typed("string");
    case FieldDescriptor::TYPE_BYTES:
      return Typed("string", "byte");
    case FieldDescriptor::TYPE_DOUBLE:
      return Typed("number", "double");
    case FieldDescriptor::TYPE_FLOAT:
      return Typed("number", "float");
    case FieldDescriptor::TYPE_ENUM:
      return EnumSchema(field->enum_type());
    case FieldDescriptor::TYPE_MESSAGE:
    case FieldDescriptor::TYPE_GROUP:
      return IsTextType(field->message_type()) ? TextTypeSchema(field->message_type())
                                               : RefTo(field->message_type());
    default:
      break;
  }
  // 64-bit numbers are text in JSON, since JavaScript would round them.
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT64:
      return Typed("string", "int64");
    case FieldDescriptor::CPPTYPE_UINT64:
      return Typed("string", "uint64");
    case FieldDescriptor::CPPTYPE_UINT32:
      return Typed("integer", "int64");
    default:
      return Typed("integer", "int32");
  }
}

bj::object SchemaBook::OfField(const FieldDescriptor* field) {
  if (field->is_map()) {
    return {{"type", "object"},
            {"additionalProperties", OfValue(field->message_type()->map_value())}};
  }
  if (field->is_repeated()) return {{"type", "array"}, {"items", OfValue(field)}};
  return OfValue(field);
}

bj::object SchemaBook::RefTo(const pb::Descriptor* type) {
  const std::string name = NameOf(type);
  if (!schemas_.contains(name)) {
    schemas_[name] = nullptr;  // a type may hold itself
    bj::object properties;
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor* field = type->field(i);
      bj::object schema = OfField(field);
      const std::string comment = CommentOf(field);
      const bool secret = field->options().GetExtension(slipway::api::sensitive);
      // A reference may have no siblings in OpenAPI 3.0.
      if (schema.contains("$ref") && !comment.empty()) schema = {{"allOf", bj::array{schema}}};
      if (!comment.empty()) {
        std::string text = comment;
        if (const auto* values = schema.if_contains("description"))
          text += "\n" + std::string(values->get_string().c_str());
        schema["description"] = text;
      }
      if (secret) schema["format"] = "password";
      properties[field->json_name()] = std::move(schema);
    }
    bj::object object = {{"type", "object"}, {"properties", std::move(properties)}};
    if (const std::string comment = CommentOf(type); !comment.empty())
      object["description"] = comment;
    schemas_[name] = std::move(object);
  }
  return {{"$ref", "#/components/schemas/" + name}};
}

}  // namespace slipway::gateway
