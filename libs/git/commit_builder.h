#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/git/repository.h"

namespace slipway::git {

// Builds one commit without a work tree: a base, some files put or removed, a message. Nothing
// refers to the commit until it is pushed (Mirror::Push). One use, owned by the caller, not
// thread-safe; `repository` must outlive it.
class CommitBuilder {
 public:
  // `base`: the parent commit; empty for the first commit of a branch.
  CommitBuilder(const Repository& repository, std::string base)
      : repository_(repository), base_(std::move(base)) {}

  // The file at `path` ("a/b/c.yaml") with this content, in folders that need not exist. The last
  // change of a path wins.
  void Put(const std::string& path, std::string_view content);
  // The file or folder at `path` is gone; nothing there is fine.
  void Remove(const std::string& path);

  // Writes the commit and returns its id; empty if the tree stays what it was. GIT_PATH_REFUSED for
  // a path that is not a plain one inside the tree, or that is a file where a folder is (and the
  // other way round).
  absl::StatusOr<std::optional<std::string>> Commit(const std::string& message,
                                                    const Identity& author, absl::Time time) const;

 private:
  const Repository& repository_;
  const std::string base_;
  std::map<std::string, std::optional<std::string>> changes_;  // empty: removed
};

}  // namespace slipway::git
