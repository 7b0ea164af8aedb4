#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace slipway::gateway {

// The field that `name` means in `type`, by its JSON or its proto name; null for none.
const google::protobuf::FieldDescriptor* FindField(const google::protobuf::Descriptor* type,
                                                   std::string_view name);

// "unknown field", with the name that was probably meant.
std::string UnknownField(const google::protobuf::Descriptor* type, std::string_view name);

// Sets, or adds to a repeated field, one value given as text in a path or query: numbers, true and
// false, enum values in any case, base64, and the text types. `where` names it in errors. Fields of
// other message types and maps are refused.
absl::Status SetFromText(google::protobuf::Message& message,
                         const google::protobuf::FieldDescriptor* field, std::string_view text,
                         std::string_view where);

// Sets or adds the enum value called `name` in any case. The error lists what there is.
absl::Status SetEnum(google::protobuf::Message& message,
                     const google::protobuf::FieldDescriptor* field, std::string_view name,
                     std::string_view where);

// Set or add, whichever fits the field.
void PutInt32(google::protobuf::Message& m, const google::protobuf::FieldDescriptor* f, int32_t v);
void PutInt64(google::protobuf::Message& m, const google::protobuf::FieldDescriptor* f, int64_t v);
void PutUInt32(google::protobuf::Message& m, const google::protobuf::FieldDescriptor* f,
               uint32_t v);
void PutUInt64(google::protobuf::Message& m, const google::protobuf::FieldDescriptor* f,
               uint64_t v);
void PutDouble(google::protobuf::Message& m, const google::protobuf::FieldDescriptor* f, double v);
void PutBool(google::protobuf::Message& m, const google::protobuf::FieldDescriptor* f, bool v);
void PutString(google::protobuf::Message& m, const google::protobuf::FieldDescriptor* f,
               std::string v);
void PutEnum(google::protobuf::Message& m, const google::protobuf::FieldDescriptor* f, int v);
// The message to fill: a new element of a repeated field, or the field itself.
google::protobuf::Message& PutMessage(google::protobuf::Message& m,
                                      const google::protobuf::FieldDescriptor* f);

}  // namespace slipway::gateway
