#include "services/gateway/transcode/json_writer.h"

#include <charconv>
#include <cmath>
#include <cstdio>

#include "google/protobuf/descriptor.h"
#include "libs/base/encoding.h"
#include "services/gateway/transcode/well_known.h"
#include "slipway/api/options.pb.h"

namespace slipway::gateway {
namespace {

namespace pb = google::protobuf;
using pb::FieldDescriptor;

void AppendMessage(const pb::Message& message, std::string& out);

void AppendDouble(double value, bool narrow, std::string& out) {
  if (std::isnan(value)) {
    out += "\"NaN\"";
  } else if (std::isinf(value)) {
    out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  } else {
    char text[40];
    const auto end = narrow
                         ? std::to_chars(text, text + sizeof(text), static_cast<float>(value)).ptr
                         : std::to_chars(text, text + sizeof(text), value).ptr;
    out.append(text, end);
  }
}

void AppendEnum(const FieldDescriptor* field, int number, std::string& out) {
  const pb::EnumValueDescriptor* value = field->enum_type()->FindValueByNumber(number);
  if (value == nullptr) {
    out += std::to_string(number);
  } else {
    AppendJsonString(value->name(), out);
  }
}

// The value of a field, or its element `index` where it is repeated.
void AppendValue(const pb::Message& m, const FieldDescriptor* f, int index, std::string& out) {
  const pb::Reflection* r = m.GetReflection();
  const bool list = index >= 0;
  switch (f->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      out += std::to_string(list ? r->GetRepeatedInt32(m, f, index) : r->GetInt32(m, f));
      return;
    case FieldDescriptor::CPPTYPE_UINT32:
      out += std::to_string(list ? r->GetRepeatedUInt32(m, f, index) : r->GetUInt32(m, f));
      return;
    case FieldDescriptor::CPPTYPE_INT64:
      out +=
          '"' + std::to_string(list ? r->GetRepeatedInt64(m, f, index) : r->GetInt64(m, f)) + '"';
      return;
    case FieldDescriptor::CPPTYPE_UINT64:
      out +=
          '"' + std::to_string(list ? r->GetRepeatedUInt64(m, f, index) : r->GetUInt64(m, f)) + '"';
      return;
    case FieldDescriptor::CPPTYPE_FLOAT:
      return AppendDouble(list ? r->GetRepeatedFloat(m, f, index) : r->GetFloat(m, f), true, out);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return AppendDouble(list ? r->GetRepeatedDouble(m, f, index) : r->GetDouble(m, f), false,
                          out);
    case FieldDescriptor::CPPTYPE_BOOL:
      out += (list ? r->GetRepeatedBool(m, f, index) : r->GetBool(m, f)) ? "true" : "false";
      return;
    case FieldDescriptor::CPPTYPE_ENUM:
      return AppendEnum(f, list ? r->GetRepeatedEnumValue(m, f, index) : r->GetEnumValue(m, f),
                        out);
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch;
      const std::string& text = list ? r->GetRepeatedStringReference(m, f, index, &scratch)
                                     : r->GetStringReference(m, f, &scratch);
      return AppendJsonString(f->type() == FieldDescriptor::TYPE_BYTES ? Base64Encode(text) : text,
                              out);
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return AppendMessage(list ? r->GetRepeatedMessage(m, f, index) : r->GetMessage(m, f), out);
  }
}

void AppendMap(const pb::Message& message, const FieldDescriptor* field, std::string& out) {
  out += '{';
  const FieldDescriptor* key_field = field->message_type()->map_key();
  const FieldDescriptor* value_field = field->message_type()->map_value();
  const pb::Reflection* reflection = message.GetReflection();
  for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
    if (i > 0) out += ',';
    const pb::Message& entry = reflection->GetRepeatedMessage(message, field, i);
    std::string key;
    AppendValue(entry, key_field, -1, key);
    out += key.front() == '"' ? key : '"' + key + '"';
    out += ':';
    AppendValue(entry, value_field, -1, out);
  }
  out += '}';
}

void AppendList(const pb::Message& message, const FieldDescriptor* field, std::string& out) {
  out += '[';
  for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
    if (i > 0) out += ',';
    AppendValue(message, field, i, out);
  }
  out += ']';
}

bool IsShown(const pb::Message& message, const FieldDescriptor* field) {
  const bool sensitive = field->options().GetExtension(slipway::api::sensitive);
  if (field->is_repeated()) return true;
  if (!field->has_presence() && !sensitive) return true;
  return message.GetReflection()->HasField(message, field);
}

void AppendMessage(const pb::Message& message, std::string& out) {
  const pb::Descriptor* type = message.GetDescriptor();
  if (IsTextType(type)) return AppendJsonString(WriteTextType(message), out);
  out += '{';
  bool first = true;
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (!IsShown(message, field)) continue;
    if (!std::exchange(first, false)) out += ',';
    AppendJsonString(field->json_name(), out);
    out += ':';
    if (field->is_map()) {
      AppendMap(message, field, out);
    } else if (field->is_repeated()) {
      AppendList(message, field, out);
    } else {
      AppendValue(message, field, -1, out);
    }
  }
  out += '}';
}

}  // namespace

void AppendJsonString(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          char escape[8];
          std::snprintf(escape, sizeof(escape), "\\u%04x", c);
          out += escape;
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

std::string WriteJson(const pb::Message& message) {
  std::string out;
  AppendMessage(message, out);
  return out;
}

}  // namespace slipway::gateway
