#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>

#include "libs/base/mutex.h"
#include "libs/git/repository.h"

namespace slipway::git {

// Repositories that are open and that nobody uses at the moment. Opening one costs some thirty
// system calls, and the objects that it has read are read again afterwards. Keeps those used last,
// so that many mirrors don't hold many files. Thread-safe.
class OpenRepositories {
 public:
  explicit OpenRepositories(size_t most) : most_(most) {}

  // The one of the process, as libgit2's caches are of the process.
  static OpenRepositories& OfProcess();

  // One that was given back with the same `generation`; nothing if there is none.
  std::optional<Repository> Take(const std::string& git_dir, int64_t generation);
  // Keeps it for the next one who asks. `generation`: changed by the caller when what is on disk
  // was replaced.
  void Give(const std::string& git_dir, int64_t generation, Repository repository);
  // Closes all of that folder: libgit2 shares open packs between repositories, by their paths.
  void Close(const std::string& git_dir);

 private:
  struct Idle {
    std::string git_dir;
    int64_t generation;
    Repository repository;
  };

  const size_t most_;
  Mutex mu_;
  std::list<Idle> idle_ SLIPWAY_GUARDED_BY(mu_);  // the one given last comes first
};

}  // namespace slipway::git
