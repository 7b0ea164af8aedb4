#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/git/repository.h"

namespace slipway::gitops {

// Limits of what one render may read.
inline constexpr size_t kMaxSourceFiles = 5000;
inline constexpr size_t kMaxSourceFileBytes = 16 << 20;
inline constexpr size_t kMaxSourceBytes = 64 << 20;

// A file that a render reads: where it reads it, and the object id of the content, which for a
// symbolic link is that of its target.
struct SourceFile {
  std::string path = {};
  std::string id = {};
  auto operator<=>(const SourceFile&) const = default;
};

// The files of one commit as renders see them: nothing outside of the repository, no submodules, of
// symbolic links only those to files inside. Refers to the repository; one per use, not
// thread-safe.
class SourceTree {
 public:
  SourceTree(const git::Repository& repository, std::string commit)
      : repository_(repository), commit_(std::move(commit)) {}

  // "a/./b/../c" below the folder `from` as a path from the top: "" is the top. SOURCE_INVALID for
  // what is absolute or leaves the repository.
  static absl::StatusOr<std::string> Join(std::string_view from, std::string_view relative);

  enum class Kind { kNothing, kFile, kFolder };
  // What stands at a path from the top. SOURCE_INVALID for links out of the repository or to
  // folders, and for submodules.
  struct Entry {
    Kind kind = Kind::kNothing;
    std::string id = {};
  };
  absl::StatusOr<Entry> Find(const std::string& path) const;
  // All files below a folder.
  absl::StatusOr<std::vector<SourceFile>> ListBelow(const std::string& folder) const;
  absl::StatusOr<std::string> Read(const SourceFile& file) const;

 private:
  absl::StatusOr<Entry> FollowLink(const std::string& path) const;

  const git::Repository& repository_;
  const std::string commit_;
};

}  // namespace slipway::gitops
