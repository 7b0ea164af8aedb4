#include "deploy/local/githost/push_sender.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <vector>

#include "deploy/local/githost/bare_repository.h"
#include "deploy/local/githost/push_payload.h"
#include "deploy/local/githost/repository_path.h"
#include "libs/base/error.h"
#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/log/log.h"

namespace slipway::githost {
namespace {

namespace fs = std::filesystem;

// While a push holds a repository its comparison is tried again this often.
constexpr absl::Duration kCompareRetry = absl::Milliseconds(200);
// While a push waits, the metric of its age is renewed this often.
constexpr absl::Duration kShowAge = absl::Seconds(5);
// No hook writes its record for this long.
constexpr absl::Duration kLeftoverAge = absl::Hours(1);

const char* ResultName(HookAnswer answer) {
  switch (answer) {
    case HookAnswer::kAccepted:
      return "accepted";
    case HookAnswer::kGone:
      return "gone";
    case HookAnswer::kRefused:
      return "refused";
    case HookAnswer::kUnavailable:
      break;
  }
  return "unavailable";
}

std::string Folder(const std::string& path) { return path.substr(0, path.rfind('/')); }
std::string BaseName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::vector<std::string> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

PushSender::PushSender(SenderConfig config, Clock& clock, telemetry::Metrics& metrics)
    : config_(std::move(config)),
      clock_(clock),
      metrics_(metrics),
      poster_(config_.hook_url, config_.secret),
      sent_(config_.state_dir),
      inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

absl::Status PushSender::Run(std::stop_token stop) {
  SLIPWAY_RETURN_IF_ERROR(Watch());
  const std::stop_callback wake(stop, [this] { ::eventfd_write(wake_.get(), 1); });
  SLIPWAY_RETURN_IF_ERROR(ReadSpool());
  CompareAllLater();
  ready_ = true;
  while (!stop.stop_requested()) {
    // What is recorded goes first.
    const bool delivered = DeliverOne();
    if (!delivered) ComparePending();
    ShowQueue();
    if (!delivered) Wait(stop);
    ReadEvents();
  }
  return absl::OkStatus();
}

absl::Status PushSender::Ready() const {
  return ready_ ? absl::OkStatus() : absl::UnavailableError("the spool is not read yet");
}

absl::Status PushSender::Watch() {
  // Records and stamps appear complete: a record by rename, a stamp by being touched.
  spool_watch_ = ::inotify_add_watch(inotify_.get(), config_.spool_dir.c_str(), IN_MOVED_TO);
  if (spool_watch_ < 0) return ErrnoStatus(errno, "watch " + config_.spool_dir);
  const std::string folder = Folder(config_.stamp_file);
  stamp_watch_ =
      ::inotify_add_watch(inotify_.get(), folder.c_str(), IN_CLOSE_WRITE | IN_ATTRIB | IN_MOVED_TO);
  if (stamp_watch_ < 0) return ErrnoStatus(errno, "watch " + folder);
  // The last process of a push closes its lock, also when it is killed.
  const std::string locks = LocksFolder(config_.repositories_dir);
  SLIPWAY_RETURN_IF_ERROR(MakeDirectories(locks));
  locks_watch_ = ::inotify_add_watch(inotify_.get(), locks.c_str(), IN_CLOSE_WRITE);
  if (locks_watch_ < 0) return ErrnoStatus(errno, "watch " + locks);
  return absl::OkStatus();
}

absl::Status PushSender::ReadSpool() {
  std::error_code error;
  if (!fs::is_directory(config_.spool_dir, error))
    return absl::NotFoundError(config_.spool_dir + " is no folder");
  for (const std::string& name : NamesIn(config_.spool_dir)) {
    if (IsSpoolName(name)) TakeRecord(name);
    if (IsSpoolLeftover(name)) RemoveIfOld(config_.spool_dir + "/" + name);
  }
  return absl::OkStatus();
}

void PushSender::RemoveIfOld(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return;
  // The hook that wrote it was killed; the comparison of refs has made up for its push.
  if (clock_.Now() - absl::TimeFromTimespec(info.st_mtim) < kLeftoverAge) return;
  if (::unlink(path.c_str()) == 0)
    log::Info("spool.swept", "what a killed hook left is gone", {{"file", BaseName(path)}});
}

void PushSender::TakeRecord(const std::string& name) {
  if (queue_.Knows(name)) return;
  const std::string path = config_.spool_dir + "/" + name;
  const auto text = ReadFile(path);
  if (!text.ok()) return;  // already taken and delivered
  const auto record = ParsePushRecord(*text);
  if (record.ok() && IsRepositoryPath(record->repository)) {
    queue_.Add(name, *record);
    return;
  }
  log::Error("spool.unreadable",
             "a record of the spool is put aside; the next comparison of refs makes up for it",
             {{"file", name}, {"error", record.ok() ? "repository" : MessageOf(record.status())}});
  ::rename(path.c_str(), (path + ".bad").c_str());
  CompareAllLater();
}

bool PushSender::DeliverOne() {
  const DeliveryQueue::Item* next = queue_.NextDue(clock_.Now());
  if (next == nullptr) return false;
  const DeliveryQueue::Item item = *next;
  const log::Scope scope({.trace_id = TraceOfDelivery(item.update.delivery_id).trace_id});
  PushToDescribe push;
  push.repository = item.repository;
  push.git_dir = config_.repositories_dir + "/" + item.repository;
  push.base_url = config_.git_url;
  push.pusher = item.pusher;
  push.update = item.update;
  push.pushed_at_us = item.pushed_at_us;
  if (!PathExists(push.git_dir)) {
    log::Warn("push.dropped", "the repository is gone", {{"repository", item.repository}});
    Settle(item);
    return true;
  }
  const auto payload = BuildPushPayload(push);
  if (!payload.ok()) {
    log::Error("push.unreadable", "the pushed commits can't be read; tried again later",
               {{"repository", item.repository},
                {"ref", item.update.ref},
                {"error", MessageOf(payload.status())}});
    queue_.RetryLater(item, clock_.Now());
    return true;
  }
  Post(item, *payload);
  return true;
}

void PushSender::Post(const DeliveryQueue::Item& item, std::string payload) {
  const std::string& id = item.update.delivery_id;
  const HookPoster::Result result =
      poster_.Post({id, std::move(payload), item.pushed_at_us, TraceOfDelivery(id)});
  metrics_.Count("slipway_push_posts_total", "Attempts to deliver a push, by their result",
                 {{"result", ResultName(result.answer)}});
  const absl::Time now = clock_.Now();
  const std::vector<log::Field> fields = {
      {"repository", item.repository},
      {"ref", item.update.ref},
      {"delivery", id},
      {"attempts", item.attempts + 1},
      {"since_push_us", absl::ToUnixMicros(now) - item.pushed_at_us},
      {"answer", result.detail}};
  switch (result.answer) {
    case HookAnswer::kAccepted:
      Settle(item);
      queue_.ReceiverIsBack();
      log::Log(log::Level::kInfo, "push.delivered", "the receiver has accepted the push", fields);
      break;
    case HookAnswer::kGone:
      Settle(item);
      log::Log(log::Level::kWarn, "push.dropped", "the hook is gone (410)", fields);
      break;
    case HookAnswer::kRefused:
      queue_.RetryLater(item, now);
      log::Log(log::Level::kError, "push.refused",
               "the receiver refused the push; tried again later", fields);
      break;
    case HookAnswer::kUnavailable:
      queue_.RetrySoon(item, now);
      // The first failure says it; the rest of an outage would only repeat it.
      if (item.attempts == 0) {
        log::Log(log::Level::kWarn, "push.waiting",
                 "the receiver is not available; tried again until it is", fields);
      }
      break;
  }
}

void PushSender::Settle(const DeliveryQueue::Item& item) {
  // In this order: after a kill in between the record is sent again under the same delivery id.
  const absl::Status accepted = sent_.Accept(item.repository, item.update);
  if (!accepted.ok()) {
    log::Error("state.write_failed", "what was sent could not be recorded",
               {{"error", MessageOf(accepted)}});
  }
  if (queue_.Finish(item)) ::unlink((config_.spool_dir + "/" + item.spool_name).c_str());
}

void PushSender::CompareAllLater() {
  for (const std::string& group : NamesIn(config_.repositories_dir)) {
    for (const std::string& name : NamesIn(config_.repositories_dir + "/" + group)) {
      if (IsRepositoryPath(group + "/" + name)) to_compare_.insert(group + "/" + name);
    }
  }
}

void PushSender::ComparePending() {
  for (auto it = to_compare_.begin(); it != to_compare_.end();) {
    const absl::Status status = CompareRefs(*it);
    if (absl::IsUnavailable(status)) {
      ++it;
      continue;
    }
    if (!status.ok()) {
      log::Error("refs.compare_failed", "the refs of a repository could not be compared",
                 {{"repository", *it}, {"error", MessageOf(status)}});
    }
    it = to_compare_.erase(it);
  }
}

absl::Status PushSender::CompareRefs(const std::string& repository) {
  const std::string git_dir = config_.repositories_dir + "/" + repository;
  SLIPWAY_ASSIGN_OR_RETURN(const UniqueFd lock,
                           LockForComparison(config_.repositories_dir, repository));
  // No push is under way here now: what hooks have written is in the spool, and this reads all of
  // it.
  SLIPWAY_RETURN_IF_ERROR(ReadSpool());
  SLIPWAY_ASSIGN_OR_RETURN(RefMap known, sent_.Load(repository));
  queue_.ApplyPending(repository, known);
  SLIPWAY_ASSIGN_OR_RETURN(const RefMap current, ReadRefs(git_dir));
  PushRecord record;
  record.pushed_at_us = absl::ToUnixMicros(clock_.Now());
  record.repository = repository;
  record.updates = UpdatesBetween(known, current);
  if (record.updates.empty()) return absl::OkStatus();
  SLIPWAY_RETURN_IF_ERROR(AdjustHead(git_dir, record.updates));
  SLIPWAY_ASSIGN_OR_RETURN(const std::string name, WriteToSpool(config_.spool_dir, record));
  queue_.Add(name, record);
  metrics_.Count("slipway_push_caught_up_total",
                 "Refs that had moved without a record of their push", {},
                 static_cast<double>(record.updates.size()));
  log::Warn("refs.caught_up", "refs had moved without a record; it is made now",
            {{"repository", repository}, {"refs", record.updates.size()}});
  return absl::OkStatus();
}

void PushSender::ShowQueue() {
  const auto oldest = queue_.OldestPushUs();
  metrics_.SetQueue("pushes", static_cast<int64_t>(queue_.records()),
                    oldest ? clock_.Now() - absl::FromUnixMicros(*oldest) : absl::ZeroDuration());
}

void PushSender::Wait(const std::stop_token& stop) {
  absl::Duration wait = queue_.NextDueTime() - clock_.Now();
  if (!to_compare_.empty()) wait = std::min(wait, kCompareRetry);
  if (!queue_.empty()) wait = std::min(wait, kShowAge);
  wait = std::clamp(wait, absl::ZeroDuration(), absl::Hours(1));
  pollfd fds[] = {{inotify_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
  if (!stop.stop_requested()) ::poll(fds, 2, static_cast<int>(absl::ToInt64Milliseconds(wait)) + 1);
}

void PushSender::ReadEvents() {
  alignas(inotify_event) char buffer[16384];
  ssize_t n;
  while ((n = ::read(inotify_.get(), buffer, sizeof(buffer))) > 0) {
    for (const char* at = buffer; at < buffer + n;) {
      const auto* event = reinterpret_cast<const inotify_event*>(at);
      at += sizeof(inotify_event) + event->len;
      const std::string name = event->len > 0 ? event->name : "";
      if ((event->mask & IN_Q_OVERFLOW) != 0) {
        static_cast<void>(ReadSpool());
        CompareAllLater();
      } else {
        OnFileEvent(event->wd, name);
      }
    }
  }
}

void PushSender::OnFileEvent(int watch, const std::string& name) {
  if (watch == spool_watch_ && IsSpoolName(name)) {
    TakeRecord(name);
  } else if (watch == stamp_watch_ && name == BaseName(config_.stamp_file)) {
    CompareAllLater();
  } else if (watch == locks_watch_) {
    const std::string repository = RepositoryOfFile(name);
    if (!repository.empty()) to_compare_.insert(repository);
  }
}

}  // namespace slipway::githost
