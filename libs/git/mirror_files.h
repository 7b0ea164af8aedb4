#pragma once

#include <string>

#include "absl/status/status.h"

// The files of a bare repository on disk, apart from what git itself does with them.
namespace slipway::git {

// Makes an empty bare repository at `git_dir` unless there is a usable one.
absl::Status InitBare(const std::string& git_dir);

// Removes half-written packs and objects that a killed git left.
void SweepTemporaryFiles(const std::string& git_dir);
size_t CountPacks(const std::string& git_dir);
// Removes lock files that a killed git left. Only when nothing else works in the repository.
void SweepLockFiles(const std::string& git_dir);

// Puts the repository at `fresh` into the place of the one at `git_dir` in one step, and removes
// the old one.
absl::Status ReplaceRepository(const std::string& git_dir, const std::string& fresh);

}  // namespace slipway::git
