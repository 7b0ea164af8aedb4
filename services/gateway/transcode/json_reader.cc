#include "services/gateway/transcode/json_reader.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/json/json.h"
#include "services/gateway/transcode/field_value.h"
#include "services/gateway/transcode/well_known.h"

namespace slipway::gateway {
namespace {

namespace bj = boost::json;
namespace pb = google::protobuf;
using pb::FieldDescriptor;

std::string_view View(const bj::string& text) { return {text.data(), text.size()}; }
std::string_view View(bj::string_view text) { return {text.data(), text.size()}; }

std::string_view KindName(const bj::value& value) {
  switch (value.kind()) {
    case bj::kind::null:
      return "null";
    case bj::kind::bool_:
      return "true or false";
    case bj::kind::string:
      return "a text";
    case bj::kind::array:
      return "a list";
    case bj::kind::object:
      return "an object";
    default:
      return "a number";
  }
}

absl::Status Expected(std::string_view where, std::string_view what, const bj::value& got) {
  return InvalidField(where,
                      "expected " + std::string(what) + ", got " + std::string(KindName(got)));
}

std::string Below(std::string_view where, std::string_view name) {
  return where.empty() ? std::string(name) : std::string(where) + "." + std::string(name);
}

// A whole number as text, so that one range check serves all widths. Numbers may come as text, as
// the mapping says.
absl::Status ReadInteger(const bj::value& value, pb::Message& message, const FieldDescriptor* field,
                         const std::string& where) {
  if (value.is_string()) return SetFromText(message, field, View(value.get_string()), where);
  if (value.is_int64())
    return SetFromText(message, field, std::to_string(value.get_int64()), where);
  if (value.is_uint64())
    return SetFromText(message, field, std::to_string(value.get_uint64()), where);
  if (value.is_double()) {
    const double number = value.get_double();
    constexpr double kExact = 9007199254740992.0;  // 2^53
    if (std::trunc(number) == number && std::abs(number) <= kExact) {
      return SetFromText(message, field, std::to_string(static_cast<int64_t>(number)), where);
    }
    return InvalidField(where, "expected a whole number");
  }
  return Expected(where, "a whole number", value);
}

absl::Status ReadFloating(const bj::value& value, pb::Message& message,
                          const FieldDescriptor* field, const std::string& where) {
  if (value.is_string()) return SetFromText(message, field, View(value.get_string()), where);
  if (!value.is_number()) return Expected(where, "a number", value);
  PutDouble(message, field, value.to_number<double>());
  return absl::OkStatus();
}

// A value that is no object, list or map.
absl::Status ReadScalar(const bj::value& value, pb::Message& message, const FieldDescriptor* field,
                        const std::string& where) {
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return ReadInteger(value, message, field, where);
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return ReadFloating(value, message, field, where);
    case FieldDescriptor::CPPTYPE_BOOL:
      if (!value.is_bool()) return Expected(where, "true or false", value);
      PutBool(message, field, value.get_bool());
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_ENUM:
      if (value.is_int64() && value.get_int64() >= 0 && value.get_int64() <= 1'000'000) {
        PutEnum(message, field, static_cast<int>(value.get_int64()));
        return absl::OkStatus();
      }
      if (!value.is_string()) return Expected(where, "a text", value);
      return SetEnum(message, field, View(value.get_string()), where);
    case FieldDescriptor::CPPTYPE_STRING:
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  if (!value.is_string()) return Expected(where, "a text", value);
  return SetFromText(message, field, View(value.get_string()), where);
}

// Reads on after a mistake, so that a body with several is told all of them.
class Reader {
 public:
  // Every mistake, as one INVALID_ARGUMENT; OK if there is none.
  absl::Status Result() && {
    if (violations_.empty()) return absl::OkStatus();
    std::string message;
    for (const auto& violation : violations_) {
      message += (message.empty() ? "" : "; ") + violation.field + ": " + violation.description;
    }
    ErrorDetails details;
    details.reason = "INVALID_FIELD";
    details.field_violations = std::move(violations_);
    return MakeError(absl::StatusCode::kInvalidArgument, message, std::move(details));
  }

  void ReadObject(const bj::value& value, pb::Message& message, const std::string& where) {
    if (!value.is_object())
      return Note(Expected(where.empty() ? "body" : where, "an object", value));
    std::vector<const FieldDescriptor*> seen;
    for (const auto& [key, item] : value.get_object()) {
      if (Full()) return;
      ReadMember(View(key), item, message, Below(where, View(key)), seen);
    }
  }

 private:
  // More than anybody would mend at once.
  static constexpr size_t kMost = 50;

  bool Full() const { return violations_.size() >= kMost; }

  void Note(const absl::Status& status) {
    if (status.ok() || Full()) return;
    for (auto& violation : DetailsOf(status).field_violations)
      violations_.push_back(std::move(violation));
  }

  void ReadMember(std::string_view key, const bj::value& item, pb::Message& message,
                  const std::string& place, std::vector<const FieldDescriptor*>& seen) {
    const pb::Descriptor* type = message.GetDescriptor();
    const pb::Reflection* reflection = message.GetReflection();
    const FieldDescriptor* field = FindField(type, key);
    if (field == nullptr) return Note(InvalidField(place, UnknownField(type, key)));
    if (std::find(seen.begin(), seen.end(), field) != seen.end())
      return Note(InvalidField(place, "given twice"));
    seen.push_back(field);
    if (item.is_null()) return;
    if (const pb::OneofDescriptor* choice = field->real_containing_oneof();
        choice != nullptr && reflection->HasOneof(message, choice)) {
      const std::string& other = reflection->GetOneofFieldDescriptor(message, choice)->json_name();
      return Note(
          InvalidField(place, "can't stand beside " + other + ": only one of them is allowed"));
    }
    if (field->is_map()) {
      ReadMap(item, message, field, place);
    } else if (field->is_repeated()) {
      ReadList(item, message, field, place);
    } else {
      ReadOne(item, message, field, place);
    }
  }

  void ReadOne(const bj::value& value, pb::Message& message, const FieldDescriptor* field,
               const std::string& where) {
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
        !IsTextType(field->message_type())) {
      return ReadObject(value, PutMessage(message, field), where);
    }
    Note(ReadScalar(value, message, field, where));
  }

  void ReadMap(const bj::value& value, pb::Message& message, const FieldDescriptor* field,
               const std::string& where) {
    if (!value.is_object()) return Note(Expected(where, "an object", value));
    const FieldDescriptor* key_field = field->message_type()->map_key();
    const FieldDescriptor* value_field = field->message_type()->map_value();
    for (const auto& [key, item] : value.get_object()) {
      if (Full()) return;
      const std::string place = Below(where, View(key));
      if (item.is_null()) {
        Note(Expected(place, "a value", item));
        continue;
      }
      pb::Message& entry = PutMessage(message, field);
      Note(SetFromText(entry, key_field, View(key), place));
      ReadOne(item, entry, value_field, place);
    }
  }

  void ReadList(const bj::value& value, pb::Message& message, const FieldDescriptor* field,
                const std::string& where) {
    if (!value.is_array()) return Note(Expected(where, "a list", value));
    size_t index = 0;
    for (const bj::value& item : value.get_array()) {
      if (Full()) return;
      const std::string place = where + "[" + std::to_string(index++) + "]";
      if (item.is_null()) {
        Note(Expected(place, "a value", item));
      } else {
        ReadOne(item, message, field, place);
      }
    }
  }

  std::vector<ErrorDetails::FieldViolation> violations_;
};

}  // namespace

absl::Status ReadJson(std::string_view text, pb::Message& message) {
  if (Trim(text).empty()) return absl::OkStatus();
  const absl::StatusOr<bj::value> value =
      json::Parse(text, {.max_bytes = 32 << 20, .max_depth = 32});
  if (!value.ok()) return InvalidField("body", MessageOf(value.status()));
  Reader reader;
  reader.ReadObject(*value, message, "");
  return std::move(reader).Result();
}

}  // namespace slipway::gateway
