#include "services/gateway/transcode/well_known.h"

#include <cstdio>

#include "absl/time/time.h"
#include "libs/base/strings.h"

namespace slipway::gateway {
namespace {

namespace pb = google::protobuf;

// protobuf's limits: years 1 to 9999, and 10,000 years.
constexpr int64_t kMinSeconds = -62135596800;
constexpr int64_t kMaxSeconds = 253402300799;
constexpr int64_t kMaxDurationSeconds = 315576000000;

int64_t Seconds(const pb::Message& message) {
  return message.GetReflection()->GetInt64(message, message.GetDescriptor()->FindFieldByNumber(1));
}

int32_t Nanos(const pb::Message& message) {
  return message.GetReflection()->GetInt32(message, message.GetDescriptor()->FindFieldByNumber(2));
}

void Set(pb::Message& message, int64_t seconds, int32_t nanos) {
  const pb::Reflection* reflection = message.GetReflection();
  reflection->SetInt64(&message, message.GetDescriptor()->FindFieldByNumber(1), seconds);
  reflection->SetInt32(&message, message.GetDescriptor()->FindFieldByNumber(2), nanos);
}

// "", ".123", ".123456" or ".123456789".
std::string Fraction(int32_t nanos) {
  if (nanos == 0) return "";
  char text[16];
  if (nanos % 1'000'000 == 0) {
    std::snprintf(text, sizeof(text), ".%03d", nanos / 1'000'000);
  } else if (nanos % 1'000 == 0) {
    std::snprintf(text, sizeof(text), ".%06d", nanos / 1'000);
  } else {
    std::snprintf(text, sizeof(text), ".%09d", nanos);
  }
  return text;
}

absl::Status ReadTimestamp(std::string_view text, pb::Message& message) {
  absl::Time time;
  std::string problem;
  if (!absl::ParseTime(absl::RFC3339_full, ToAbsl(text), &time, &problem)) {
    return absl::InvalidArgumentError("expected a time like 2026-03-01T12:00:00Z");
  }
  const int64_t seconds = absl::ToUnixSeconds(time);
  if (seconds < kMinSeconds || seconds > kMaxSeconds) {
    return absl::InvalidArgumentError("the time lies outside the years 1 to 9999");
  }
  Set(message, seconds,
      static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return absl::OkStatus();
}

absl::Status ReadDuration(std::string_view text, pb::Message& message) {
  absl::Duration duration;
  if (!absl::ParseDuration(ToAbsl(text), &duration) ||
      absl::AbsDuration(duration) > absl::Seconds(kMaxDurationSeconds)) {
    return absl::InvalidArgumentError("expected a duration like 90s, 1.5s or 1h30m");
  }
  const int64_t seconds = absl::IDivDuration(duration, absl::Seconds(1), &duration);
  Set(message, seconds, static_cast<int32_t>(absl::ToInt64Nanoseconds(duration)));
  return absl::OkStatus();
}

absl::Status ReadFieldMask(std::string_view text, pb::Message& message) {
  const pb::FieldDescriptor* paths = message.GetDescriptor()->FindFieldByNumber(1);
  if (text.empty()) return absl::OkStatus();
  for (const std::string& part : Split(text, ',')) {
    const std::string path(Trim(part));
    std::string snake;
    for (const char c : path) {
      if (c >= 'A' && c <= 'Z') snake += '_';
      snake += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    if (snake.empty())
      return absl::InvalidArgumentError("expected field names with commas between");
    message.GetReflection()->AddString(&message, paths, snake);
  }
  return absl::OkStatus();
}

std::string WriteFieldMask(const pb::Message& message) {
  const pb::FieldDescriptor* paths = message.GetDescriptor()->FindFieldByNumber(1);
  const pb::Reflection* reflection = message.GetReflection();
  std::string result;
  for (int i = 0; i < reflection->FieldSize(message, paths); ++i) {
    if (i > 0) result += ',';
    bool upper = false;
    for (const char c : reflection->GetRepeatedString(message, paths, i)) {
      if (c == '_') {
        upper = true;
        continue;
      }
      result += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      upper = false;
    }
  }
  return result;
}

}  // namespace

bool IsTextType(const pb::Descriptor* type) {
  const std::string& name = type->full_name();
  return name == "google.protobuf.Timestamp" || name == "google.protobuf.Duration" ||
         name == "google.protobuf.FieldMask";
}

absl::Status ReadTextType(std::string_view text, pb::Message& message) {
  const std::string& name = message.GetDescriptor()->name();
  if (name == "Timestamp") return ReadTimestamp(text, message);
  if (name == "Duration") return ReadDuration(text, message);
  return ReadFieldMask(text, message);
}

std::string WriteTextType(const pb::Message& message) {
  const std::string& name = message.GetDescriptor()->name();
  if (name == "FieldMask") return WriteFieldMask(message);
  const int64_t seconds = Seconds(message);
  const int32_t nanos = Nanos(message);
  if (name == "Timestamp") {
    return absl::FormatTime("%Y-%m-%dT%H:%M:%S", absl::FromUnixSeconds(seconds),
                            absl::UTCTimeZone()) +
           Fraction(nanos) + "Z";
  }
  const bool negative = seconds < 0 || nanos < 0;
  return (negative ? "-" : "") + std::to_string(seconds < 0 ? -seconds : seconds) +
         Fraction(nanos < 0 ? -nanos : nanos) + "s";
}

}  // namespace slipway::gateway
