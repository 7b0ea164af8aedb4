#pragma once

#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace slipway::rpc {

// A time as the contracts carry it, to the microsecond.
google::protobuf::Timestamp ToTimestamp(absl::Time time);
absl::Time FromTimestamp(const google::protobuf::Timestamp& timestamp);

absl::Duration FromDuration(const google::protobuf::Duration& duration);

}  // namespace slipway::rpc
