#include "services/gateway/transcode/field_value.h"

#include "absl/strings/numbers.h"
#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "services/gateway/transcode/well_known.h"

namespace slipway::gateway {

namespace pb = google::protobuf;
using pb::FieldDescriptor;

const FieldDescriptor* FindField(const pb::Descriptor* type, std::string_view name) {
  const std::string key(name);
  const FieldDescriptor* field = type->FindFieldByName(key);
  return field != nullptr ? field : type->FindFieldByCamelcaseName(key);
}

std::string UnknownField(const pb::Descriptor* type, std::string_view name) {
  std::vector<std::string> known;
  for (int i = 0; i < type->field_count(); ++i) known.push_back(type->field(i)->json_name());
  const std::string meant = DidYouMean(name, known);
  return meant.empty() ? "unknown field" : "unknown field; did you mean \"" + meant + "\"?";
}

namespace {

// Reflection has a pair of functions for each type.
template <typename Value>
using Setter = void (pb::Reflection::*)(pb::Message*, const FieldDescriptor*, Value) const;

template <typename Value>
void Put(pb::Message& m, const FieldDescriptor* f, Value v, Setter<Value> set, Setter<Value> add) {
  (m.GetReflection()->*(f->is_repeated() ? add : set))(&m, f, std::move(v));
}

}  // namespace

void PutInt32(pb::Message& m, const FieldDescriptor* f, int32_t v) {
  Put<int32_t>(m, f, v, &pb::Reflection::SetInt32, &pb::Reflection::AddInt32);
}
void PutInt64(pb::Message& m, const FieldDescriptor* f, int64_t v) {
  Put<int64_t>(m, f, v, &pb::Reflection::SetInt64, &pb::Reflection::AddInt64);
}
void PutUInt32(pb::Message& m, const FieldDescriptor* f, uint32_t v) {
  Put<uint32_t>(m, f, v, &pb::Reflection::SetUInt32, &pb::Reflection::AddUInt32);
}
void PutUInt64(pb::Message& m, const FieldDescriptor* f, uint64_t v) {
  Put<uint64_t>(m, f, v, &pb::Reflection::SetUInt64, &pb::Reflection::AddUInt64);
}
void PutBool(pb::Message& m, const FieldDescriptor* f, bool v) {
  Put<bool>(m, f, v, &pb::Reflection::SetBool, &pb::Reflection::AddBool);
}
void PutEnum(pb::Message& m, const FieldDescriptor* f, int v) {
  Put<int>(m, f, v, &pb::Reflection::SetEnumValue, &pb::Reflection::AddEnumValue);
}
void PutString(pb::Message& m, const FieldDescriptor* f, std::string v) {
  Put<std::string>(m, f, std::move(v), &pb::Reflection::SetString, &pb::Reflection::AddString);
}

void PutDouble(pb::Message& m, const FieldDescriptor* f, double v) {
  if (f->cpp_type() == FieldDescriptor::CPPTYPE_FLOAT) {
    Put<float>(m, f, static_cast<float>(v), &pb::Reflection::SetFloat, &pb::Reflection::AddFloat);
  } else {
    Put<double>(m, f, v, &pb::Reflection::SetDouble, &pb::Reflection::AddDouble);
  }
}

pb::Message& PutMessage(pb::Message& m, const FieldDescriptor* f) {
  const pb::Reflection* reflection = m.GetReflection();
  return f->is_repeated() ? *reflection->AddMessage(&m, f) : *reflection->MutableMessage(&m, f);
}

absl::Status SetEnum(pb::Message& message, const FieldDescriptor* field, std::string_view name,
                     std::string_view where) {
  const pb::EnumDescriptor* type = field->enum_type();
  const std::string wanted = ToLower(name);
  std::string all;
  for (int i = 0; i < type->value_count(); ++i) {
    const pb::EnumValueDescriptor* value = type->value(i);
    if (ToLower(value->name()) == wanted) {
      PutEnum(message, field, value->number());
      return absl::OkStatus();
    }
    if (value->number() == 0) continue;  // "unspecified" helps nobody
    all += (all.empty() ? "" : ", ") + value->name();
  }
  return InvalidField(where, "\"" + Truncate(name, 60) + "\" is none of " + all);
}

namespace {

template <typename Number>
absl::Status SetNumber(pb::Message& message, const FieldDescriptor* field, std::string_view text,
                       std::string_view where,
                       void (*put)(pb::Message&, const FieldDescriptor*, Number)) {
  Number number = 0;
  if (!absl::SimpleAtoi(ToAbsl(text), &number)) {
    return InvalidField(where, "expected a whole number in range");
  }
  put(message, field, number);
  return absl::OkStatus();
}

absl::Status SetBool(pb::Message& message, const FieldDescriptor* field, std::string_view text,
                     std::string_view where) {
  if (text != "true" && text != "false") return InvalidField(where, "expected true or false");
  PutBool(message, field, text == "true");
  return absl::OkStatus();
}

absl::Status SetDouble(pb::Message& message, const FieldDescriptor* field, std::string_view text,
                       std::string_view where) {
  double number = 0;
  if (!absl::SimpleAtod(ToAbsl(text), &number)) return InvalidField(where, "expected a number");
  PutDouble(message, field, number);
  return absl::OkStatus();
}

absl::Status SetString(pb::Message& message, const FieldDescriptor* field, std::string_view text,
                       std::string_view where) {
  if (field->type() == FieldDescriptor::TYPE_BYTES) {
    auto bytes = Base64Decode(text);
    if (!bytes) bytes = Base64UrlDecode(text);
    if (!bytes) return InvalidField(where, "expected base64");
    PutString(message, field, *std::move(bytes));
    return absl::OkStatus();
  }
  if (ToValidUtf8(text) != text) return InvalidField(where, "expected UTF-8");
  PutString(message, field, std::string(text));
  return absl::OkStatus();
}

}  // namespace

absl::Status SetFromText(pb::Message& message, const FieldDescriptor* field, std::string_view text,
                         std::string_view where) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return SetNumber<int32_t>(message, field, text, where, &PutInt32);
    case FieldDescriptor::CPPTYPE_INT64:
      return SetNumber<int64_t>(message, field, text, where, &PutInt64);
    case FieldDescriptor::CPPTYPE_UINT32:
      return SetNumber<uint32_t>(message, field, text, where, &PutUInt32);
    case FieldDescriptor::CPPTYPE_UINT64:
      return SetNumber<uint64_t>(message, field, text, where, &PutUInt64);
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return SetDouble(message, field, text, where);
    case FieldDescriptor::CPPTYPE_BOOL:
      return SetBool(message, field, text, where);
    case FieldDescriptor::CPPTYPE_STRING:
      return SetString(message, field, text, where);
    case FieldDescriptor::CPPTYPE_ENUM:
      return SetEnum(message, field, text, where);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  if (field->is_map() || !IsTextType(field->message_type())) {
    return InvalidField(where, "can't be given here: it has parts");
  }
  const absl::Status status = ReadTextType(text, PutMessage(message, field));
  return status.ok() ? status : InvalidField(where, MessageOf(status));
}

}  // namespace slipway::gateway
