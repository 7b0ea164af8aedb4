#include "libs/service/janitor.h"

#include <catch2/catch.hpp>

#include "libs/db/testing/test_database.h"
#include "libs/journal/journal.h"

namespace slipway::service {

TEST_CASE("a janitor comes back soon while there is more to delete, and later after a failure") {
  db::TestDatabase database({journal::Migrations(), events::Migrations()});
  events::Outbox outbox(database.pool());
  SystemClock clock;
  absl::StatusOr<int64_t> answer = 0;
  absl::Time told;
  Janitor janitor(database.pool(), clock, outbox, [&](absl::Time now, int limit) {
    told = now;
    if (answer.ok() && *answer > 0) answer = limit;
    return answer;
  });
  CHECK(janitor.Pass() == absl::Minutes(10));
  answer = 1;
  CHECK(janitor.Pass() == absl::Seconds(1));
  answer = absl::UnavailableError("away");
  CHECK(janitor.Pass() == absl::Minutes(10));
  CHECK(told > absl::UnixEpoch());
}

}  // namespace slipway::service
