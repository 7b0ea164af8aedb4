#pragma once

#include <condition_variable>
#include <thread>

#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/db/pool.h"
#include "libs/events/outbox.h"

namespace slipway::pipeline {

// Deletes what nobody needs any more, a portion at a time: Plans and events after 30 days, records
// of decisions after a year. Works from its construction to its end. Owned by App.
class Janitor {
 public:
  Janitor(db::Pool& pool, Clock& clock, events::Outbox& outbox);

  // One portion of each; false if there is more to delete.
  bool CleanOnce();

 private:
  void Loop(const std::stop_token& stop);

  db::Pool& pool_;
  Clock& clock_;
  events::Outbox& outbox_;
  Mutex mu_;
  std::condition_variable_any wake_;
  std::jthread thread_;
};

}  // namespace slipway::pipeline
