#include "libs/rpc/timestamp.h"

#include <catch2/catch.hpp>

namespace slipway::rpc {

TEST_CASE("a time survives the way through the contract to the microsecond") {
  for (const int64_t micros : {int64_t{0}, int64_t{1}, int64_t{1'767'225'600'123'456}}) {
    CHECK(absl::ToUnixMicros(FromTimestamp(ToTimestamp(absl::FromUnixMicros(micros)))) == micros);
  }
}

TEST_CASE("a time before 1970 has nanoseconds that are not negative") {
  const auto timestamp = ToTimestamp(absl::FromUnixMicros(-1'500'000));
  CHECK(timestamp.seconds() == -2);
  CHECK(timestamp.nanos() == 500'000'000);
  CHECK(FromTimestamp(timestamp) == absl::FromUnixMicros(-1'500'000));
}

TEST_CASE("a duration of the contract keeps its nanoseconds") {
  google::protobuf::Duration duration;
  duration.set_seconds(90);
  duration.set_nanos(300'000'000);
  CHECK(FromDuration(duration) == absl::Milliseconds(90'300));
}

}  // namespace slipway::rpc
