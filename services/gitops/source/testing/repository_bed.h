#pragma once

#include <string>
#include <utility>
#include <vector>

#include "libs/base/file.h"
#include "libs/git/repository.h"

namespace slipway::gitops {

// A bare repository that tests fill. Aborts the test when git does not work. Not thread-safe.
class RepositoryBed {
 public:
  using Files = std::vector<std::pair<std::string, std::string>>;
  RepositoryBed();

  // A commit on top of the last one; a file with no content is removed. Its id.
  std::string Commit(const Files& files);
  // The same with symbolic links: path and target.
  std::string CommitLinks(const Files& links);
  // A commit whose only tree is written as it is: mode, name and object id of each entry, whatever
  // git thinks of them.
  struct RawEntry {
    std::string mode;
    std::string name;
    std::string id;
  };
  std::string CommitRaw(const std::vector<RawEntry>& entries);
  std::string Blob(const std::string& content);
  std::string Tree(const std::vector<RawEntry>& entries);
  // Runs git in the repository; its trimmed output.
  std::string Git(const std::vector<std::string>& arguments, const std::string& input = "");

  const git::Repository& repository() const { return repository_; }
  std::string folder() const { return dir_.path() + "/r.git"; }

 private:
  TempDir dir_;
  git::Repository repository_;
  std::string head_;
  int64_t clock_ = 1'700'000'000;
};

}  // namespace slipway::gitops
