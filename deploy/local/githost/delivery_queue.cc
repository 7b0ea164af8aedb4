#include "deploy/local/githost/delivery_queue.h"

#include <algorithm>

#include "libs/base/check.h"

namespace slipway::githost {
namespace {

absl::Duration BackOff(int attempts, absl::Duration first, absl::Duration most) {
  absl::Duration wait = first;
  for (int i = 1; i < attempts && wait < most; ++i) wait *= 2;
  return std::min(wait, most);
}

}  // namespace

void DeliveryQueue::Add(const std::string& spool_name, const PushRecord& record) {
  if (open_.contains(spool_name)) return;
  open_[spool_name] = record.updates.size();
  for (const RefUpdate& update : record.updates) {
    Item item;
    item.spool_name = spool_name;
    item.pushed_at_us = record.pushed_at_us;
    item.repository = record.repository;
    item.pusher = record.pusher;
    item.update = update;
    lanes_[{record.repository, update.ref}].push_back(std::move(item));
  }
}

const DeliveryQueue::Item* DeliveryQueue::NextDue(absl::Time now) const {
  const Item* next = nullptr;
  for (const auto& [lane, items] : lanes_) {
    const Item& front = items.front();
    if (front.due <= now && (next == nullptr || front.spool_name < next->spool_name)) next = &front;
  }
  return next;
}

absl::Time DeliveryQueue::NextDueTime() const {
  absl::Time due = absl::InfiniteFuture();
  for (const auto& [lane, items] : lanes_) due = std::min(due, items.front().due);
  return due;
}

std::optional<int64_t> DeliveryQueue::OldestPushUs() const {
  std::optional<int64_t> oldest;
  for (const auto& [lane, items] : lanes_) {
    const int64_t pushed = items.front().pushed_at_us;
    if (!oldest || pushed < *oldest) oldest = pushed;
  }
  return oldest;
}

DeliveryQueue::Item& DeliveryQueue::FrontOf(const Item& item) {
  const auto lane = lanes_.find({item.repository, item.update.ref});
  SLIPWAY_CHECK(lane != lanes_.end() &&
                lane->second.front().update.delivery_id == item.update.delivery_id);
  return lane->second.front();
}

bool DeliveryQueue::Finish(const Item& item) {
  const std::string spool_name = FrontOf(item).spool_name;
  const auto lane = lanes_.find({item.repository, item.update.ref});
  lane->second.pop_front();
  if (lane->second.empty()) lanes_.erase(lane);
  const auto open = open_.find(spool_name);
  if (--open->second > 0) return false;
  open_.erase(open);
  return true;
}

void DeliveryQueue::RetrySoon(const Item& item, absl::Time now) {
  Item& front = FrontOf(item);
  front.due = now + BackOff(++front.attempts, absl::Milliseconds(50), absl::Seconds(5));
  front.unreachable = true;
}

void DeliveryQueue::RetryLater(const Item& item, absl::Time now) {
  Item& front = FrontOf(item);
  front.due = now + BackOff(++front.attempts, absl::Seconds(5), absl::Minutes(5));
  front.unreachable = false;
}

void DeliveryQueue::ReceiverIsBack() {
  for (auto& [lane, items] : lanes_) {
    Item& front = items.front();
    if (std::exchange(front.unreachable, false)) front.due = absl::InfinitePast();
  }
}

void DeliveryQueue::ApplyPending(const std::string& repository, RefMap& refs) const {
  for (auto lane = lanes_.lower_bound({repository, ""});
       lane != lanes_.end() && lane->first.first == repository; ++lane) {
    for (const Item& item : lane->second) ApplyUpdate(item.update, refs);
  }
}

}  // namespace slipway::githost
