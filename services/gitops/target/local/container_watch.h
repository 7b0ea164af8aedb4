#pragma once

#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "libs/base/mutex.h"
#include "libs/base/unique_fd.h"

namespace slipway::gitops::local {

// Notices at once when a container ends or somebody changes a pod: by the processes themselves
// (pidfd), since podman writes no event when a process dies, and by podman's events file for what
// people do with podman. Owned by LocalTarget; thread-safe.
class ContainerWatch {
 public:
  // A running container of ours.
  struct Watched {
    std::string pod;
    std::string id;
    int pid;
  };
  // `changed` gets a pod's name, on the watch's own thread.
  ContainerWatch(std::string events_file, std::function<void(const std::string& pod)> changed);
  ~ContainerWatch();

  // What runs now; replaces what was watched before.
  void Set(std::vector<Watched> containers);

 private:
  struct Open {
    std::string pod;
    UniqueFd pidfd;
  };
  void Run(const std::stop_token& stop);
  // Names of our pods in what was appended to the events file.
  std::vector<std::string> ReadEvents();
  void WatchFile();

  const std::string events_file_;
  const std::function<void(const std::string& pod)> changed_;
  UniqueFd wake_;
  UniqueFd inotify_;
  int64_t offset_ = 0;  // of the thread
  std::string rest_;
  Mutex mu_;
  std::map<std::string, Open> open_ SLIPWAY_GUARDED_BY(mu_);  // by container
  std::map<std::string, std::string> pods_
      SLIPWAY_GUARDED_BY(mu_);  // container -> pod, ended ones too
  std::jthread thread_;
};

}  // namespace slipway::gitops::local
