#pragma once

#include <stop_token>

#include "libs/base/clock.h"
#include "libs/base/wake_loop.h"
#include "libs/git/mirror_store.h"

namespace slipway::gitops {

// Removes the mirrors of repositories, of apps as well as of providers, that nobody has asked for
// in a week: the app or provider is gone, or has another URL or user. Those in use are asked for at
// each look at their host, however long that is away; an app that is deployed more rarely costs a
// clone. Each replica sweeps its own. Owned by App; thread-safe; Start and Stop once each.
class MirrorSweeper {
 public:
  // Both outlive it.
  MirrorSweeper(git::MirrorStore& mirrors, Clock& clock)
      : mirrors_(mirrors),
        clock_(clock),
        begun_(clock.Now()),
        loop_([this](const std::stop_token& stop) { return Pass(stop); }) {}

  void Start() { loop_.Start(); }
  void Stop() { loop_.Stop(); }

  // One sweep; how long until the next. After a start there is none for an hour: a service that was
  // off for long has not yet asked for what it uses.
  absl::Duration Pass(const std::stop_token& stop);

 private:
  git::MirrorStore& mirrors_;
  Clock& clock_;
  const absl::Time begun_;
  WakeLoop loop_;
};

}  // namespace slipway::gitops
