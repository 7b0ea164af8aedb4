#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "deploy/local/githost/push_record.h"
#include "deploy/local/githost/sent_refs.h"

namespace slipway::githost {

// Which delivery goes next: updates of one ref strictly in order, different refs independently,
// each with a back-off of its own. A pure value without clock or I/O; owned by the sender; not
// thread-safe.
class DeliveryQueue {
 public:
  struct Item {
    std::string spool_name;  // file of the record that the update belongs to
    int64_t pushed_at_us = 0;
    std::string repository;
    std::string pusher;
    RefUpdate update;
    int attempts = 0;  // failed ones so far
    absl::Time due = absl::InfinitePast();
    bool unreachable =
        false;  // the last attempt reached nobody: the next success elsewhere makes it due
  };

  // Adds all updates of a record; a spool name that is known already is left alone.
  void Add(const std::string& spool_name, const PushRecord& record);
  bool Knows(const std::string& spool_name) const { return open_.contains(spool_name); }

  // The oldest item that is due and first of its ref; null if there is none. Valid until the next
  // change.
  const Item* NextDue(absl::Time now) const;
  // When the next item becomes due; infinite future for an empty queue.
  absl::Time NextDueTime() const;

  // The item is over, delivered or given up. Returns true when it was the last one of its record.
  bool Finish(const Item& item);
  // Nobody answered, or with 5xx, 408, 429: again after 50 ms, then twice as long up to 5 s.
  void RetrySoon(const Item& item, absl::Time now);
  // The receiver understood and refused: again after 5 s, then twice as long up to 5 min.
  void RetryLater(const Item& item, absl::Time now);
  // The receiver is there again: what waited for it only is due now.
  void ReceiverIsBack();

  // What the receiver will know of a repository once everything queued is delivered.
  void ApplyPending(const std::string& repository, RefMap& refs) const;
  bool empty() const { return lanes_.empty(); }
  // Records with something left to deliver.
  size_t records() const { return open_.size(); }
  // When the oldest of them was pushed, in microseconds since 1970; empty for an empty queue.
  std::optional<int64_t> OldestPushUs() const;

 private:
  using Lane = std::pair<std::string, std::string>;  // repository, ref
  Item& FrontOf(const Item& item);

  std::map<Lane, std::deque<Item>> lanes_;
  std::map<std::string, size_t> open_;  // spool name -> updates of it still queued
};

}  // namespace slipway::githost
