#pragma once

#include <atomic>
#include <set>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "deploy/local/githost/delivery_queue.h"
#include "deploy/local/githost/hook_poster.h"
#include "deploy/local/githost/sent_refs.h"
#include "libs/base/clock.h"
#include "libs/base/unique_fd.h"
#include "libs/telemetry/metrics.h"

namespace slipway::githost {

// Where the sender works.
struct SenderConfig {
  std::string spool_dir;  // records of the post-receive hook, and of the sender's own comparisons
  std::string state_dir;  // what was accepted of each repository
  std::string repositories_dir;  // <group>/<name>.git
  std::string stamp_file;        // touched by every start of the git host
  std::string git_url;           // of the git host, without a slash at the end
  std::string hook_url;          // where deliveries go
  std::string secret;            // of the hook
};

// Takes pushes from the spool to the hook: each ref's in order, each until it is accepted, each
// under one delivery id. At the end of each push, however it ended, it compares the repository's
// refs with those it last sent and spools what is missing, so that a push whose hook was killed is
// sent too; at its start, and after each start of the git host, it does so for all. One thread,
// owned by main(); kill it at any time: whatever matters is on disk before it counts. Metrics:
// slipway_queue_depth and _age_seconds{queue="pushes"} (records in the spool),
// slipway_push_posts_total{result}, slipway_push_caught_up_total.
class PushSender {
 public:
  PushSender(SenderConfig config, Clock& clock, telemetry::Metrics& metrics);

  // Works until `stop`, or until the spool can't be watched or read.
  absl::Status Run(std::stop_token stop);

  // OK when the spool is watched and what lay in it was read, so that the next push is seen at
  // once. Thread-safe.
  absl::Status Ready() const;

 private:
  absl::Status Watch();
  absl::Status ReadSpool();
  void TakeRecord(const std::string& name);
  void RemoveIfOld(const std::string& path);
  // One delivery; false when nothing is due.
  bool DeliverOne();
  // Posts the item's payload and settles it or puts it off.
  void Post(const DeliveryQueue::Item& item, std::string payload);
  void Settle(const DeliveryQueue::Item& item);
  void CompareAllLater();
  void ComparePending();
  absl::Status CompareRefs(const std::string& repository);
  void ShowQueue();
  // Sleeps until the spool changes, something is due or `stop`.
  void Wait(const std::stop_token& stop);
  void ReadEvents();
  void OnFileEvent(int watch, const std::string& name);

  const SenderConfig config_;
  Clock& clock_;
  telemetry::Metrics& metrics_;
  HookPoster poster_;
  SentRefs sent_;
  DeliveryQueue queue_;
  std::set<std::string> to_compare_;  // repositories whose comparison is still to come
  UniqueFd inotify_;
  UniqueFd wake_;  // written by the stop callback
  int spool_watch_ = -1;
  int stamp_watch_ = -1;
  int locks_watch_ = -1;
  std::atomic<bool> ready_ = false;
};

}  // namespace slipway::githost
