#include "libs/git/open_repositories.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace slipway::git {

OpenRepositories& OpenRepositories::OfProcess() {
  // Never destroyed: threads may outlive main.
  static auto& all = *new OpenRepositories(16);
  return all;
}

std::optional<Repository> OpenRepositories::Take(const std::string& git_dir, int64_t generation) {
  std::list<Idle> taken;
  const MutexLock lock(mu_);
  const auto found = std::find_if(idle_.begin(), idle_.end(), [&](const Idle& idle) {
    return idle.generation == generation && idle.git_dir == git_dir;
  });
  if (found == idle_.end()) return std::nullopt;
  taken.splice(taken.begin(), idle_, found);
  return std::move(taken.front().repository);
}

void OpenRepositories::Give(const std::string& git_dir, int64_t generation, Repository repository) {
  // Made and closed outside the lock.
  std::list<Idle> given, closed;
  given.push_back({git_dir, generation, std::move(repository)});
  {
    const MutexLock lock(mu_);
    idle_.splice(idle_.begin(), given);
    if (idle_.size() > most_) closed.splice(closed.begin(), idle_, std::prev(idle_.end()));
  }
}

void OpenRepositories::Close(const std::string& git_dir) {
  std::list<Idle> closed;  // outside the lock
  const MutexLock lock(mu_);
  for (auto idle = idle_.begin(); idle != idle_.end();) {
    const auto next = std::next(idle);
    if (idle->git_dir == git_dir) closed.splice(closed.begin(), idle_, idle);
    idle = next;
  }
}

}  // namespace slipway::git
