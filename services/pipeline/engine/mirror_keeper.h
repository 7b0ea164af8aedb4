#pragma once

#include "libs/base/wake_loop.h"
#include "libs/db/pool.h"
#include "libs/git/mirror_store.h"

namespace slipway::pipeline {

// Removes the mirrors of repositories that no app has any more: at the start, after the end of an
// app, and each hour, for apps that changed their repositories. A mirror that a call is reading or
// fetching stays until later, and one that another app has under the same URL and user stays for
// it. Owned by Engine; thread-safe; Start and Stop once each.
class MirrorKeeper {
 public:
  MirrorKeeper(db::Pool& pool, git::MirrorStore& mirrors)
      : pool_(pool),
        mirrors_(mirrors),
        loop_([this](const std::stop_token& stop) { return Pass(stop); }) {}

  void Start() { loop_.Start(); }
  void Stop() { loop_.Stop(); }
  // An app is gone.
  void Wake() { loop_.Wake(); }

  // One sweep; how long until the next. An app that is made meanwhile may lose a mirror that it has
  // just got: it is cloned again by the next call.
  absl::Duration Pass(const std::stop_token& stop);

 private:
  db::Pool& pool_;
  git::MirrorStore& mirrors_;
  WakeLoop loop_;
};

}  // namespace slipway::pipeline
