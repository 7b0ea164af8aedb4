#include "services/gitops/target/local/container_watch.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "libs/base/strings.h"
#include "libs/json/json.h"

namespace slipway::gitops::local {
namespace {

// What somebody does to a pod that may make it differ from the commit. "died" follows most of them.
const std::set<std::string> kChanges = {"died",  "remove",  "stop",   "kill",
                                        "pause", "unpause", "restart"};

}  // namespace

ContainerWatch::ContainerWatch(std::string events_file,
                               std::function<void(const std::string& pod)> changed)
    : events_file_(std::move(events_file)),
      changed_(std::move(changed)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
  WatchFile();
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

ContainerWatch::~ContainerWatch() {
  thread_.request_stop();
  const uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof(one));
  thread_.join();
}

void ContainerWatch::WatchFile() {
  if (events_file_.empty()) return;
  struct stat info {};
  offset_ = ::stat(events_file_.c_str(), &info) == 0 ? info.st_size : 0;
  // The folder, not the file: podman replaces the file when it rotates.
  const std::string folder = events_file_.substr(0, events_file_.rfind('/'));
  ::inotify_add_watch(inotify_.get(), folder.c_str(), IN_MODIFY | IN_CREATE | IN_MOVED_TO);
}

void ContainerWatch::Set(std::vector<Watched> containers) {
  {
    MutexLock lock(mu_);
    std::map<std::string, Open> next;
    pods_.clear();
    for (const Watched& container : containers) {
      pods_[container.id] = container.pod;
      const auto known = open_.find(container.id);
      if (known != open_.end()) {
        next.emplace(container.id, std::move(known->second));
        continue;
      }
      UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, container.pid, 0)));
      if (pidfd.valid()) next.emplace(container.id, Open{container.pod, std::move(pidfd)});
    }
    open_ = std::move(next);
  }
  const uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof(one));
}

void ContainerWatch::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::vector<pollfd> fds = {{wake_.get(), POLLIN, 0}, {inotify_.get(), POLLIN, 0}};
    std::vector<UniqueFd> kept;  // the descriptors must outlive the poll
    std::vector<std::string> ids;
    {
      MutexLock lock(mu_);
      for (const auto& [id, open] : open_) {
        kept.emplace_back(::fcntl(open.pidfd.get(), F_DUPFD_CLOEXEC, 0));
        fds.push_back({kept.back().get(), POLLIN, 0});
        ids.push_back(id);
      }
    }
    if (::poll(fds.data(), fds.size(), -1) < 0) continue;
    std::set<std::string> changed;
    uint64_t count = 0;
    (void)!::read(wake_.get(), &count, sizeof(count));
    if ((fds[1].revents & POLLIN) != 0) {
      char buffer[4096];
      while (::read(inotify_.get(), buffer, sizeof(buffer)) > 0) {
      }
      for (std::string& pod : ReadEvents()) changed.insert(std::move(pod));
    }
    {
      MutexLock lock(mu_);
      for (size_t i = 0; i < ids.size(); ++i) {
        if (fds[i + 2].revents == 0) continue;
        const auto open = open_.find(ids[i]);
        if (open == open_.end()) continue;
        changed.insert(open->second.pod);
        open_.erase(open);
      }
    }
    for (const std::string& pod : changed) changed_(pod);
  }
}

std::vector<std::string> ContainerWatch::ReadEvents() {
  std::vector<std::string> found;
  const UniqueFd file(::open(events_file_.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (!file.valid() || ::fstat(file.get(), &info) != 0) return found;
  if (info.st_size < offset_) {
    offset_ = 0;
    rest_.clear();
  }
  char buffer[16384];
  ssize_t size = 0;
  while ((size = ::pread(file.get(), buffer, sizeof(buffer), offset_)) > 0) {
    offset_ += size;
    rest_.append(buffer, static_cast<size_t>(size));
  }
  const size_t end = rest_.rfind('\n');
  if (end == std::string::npos) return found;
  const std::vector<std::string> lines = Split(std::string_view(rest_).substr(0, end), '\n');
  rest_.erase(0, end + 1);
  MutexLock lock(mu_);
  for (const std::string& line : lines) {
    const auto event = json::Parse(line);
    if (!event.ok() || kChanges.count(json::GetString(*event, "Status").value_or("")) == 0)
      continue;
    if (json::GetString(*event, "Type") == "pod") {
      found.push_back(json::GetString(*event, "Name").value_or(""));
      continue;
    }
    const auto pod = pods_.find(json::GetString(*event, "ID").value_or(""));
    if (pod != pods_.end()) found.push_back(pod->second);
  }
  return found;
}

}  // namespace slipway::gitops::local
