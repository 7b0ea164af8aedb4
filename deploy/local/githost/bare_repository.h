#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "deploy/local/githost/push_record.h"
#include "libs/base/unique_fd.h"

namespace slipway::githost {

// Creates the bare repository `root`/`repository` ("demo/hello.git") if it is not there: built
// beside its place and moved in one step, so that two first pushes at once and a kill in between
// are harmless.
absl::Status CreateBareRepository(const std::string& root, const std::string& repository);

// One push, or one comparison of refs, in a repository at a time: who holds a lock knows that no
// push is between its refs and its record. The locks are files of one folder, named by FileNameOf.
std::string LocksFolder(const std::string& root);

// Waits for the lock. It goes over to child processes that inherit the descriptor and ends with the
// last of them, however they end: the file is then closed after writing, which the sender sees.
absl::StatusOr<UniqueFd> LockForPush(const std::string& root, const std::string& repository);
// UNAVAILABLE while a push holds it. Its end is no close after writing.
absl::StatusOr<UniqueFd> LockForComparison(const std::string& root, const std::string& repository);

// Removes what a killed push left in the repository `directory`: git's lock files, which would
// refuse every later push, and objects that were not taken over. Only under the lock for a push.
absl::Status RemoveLeftovers(const std::string& directory);

// Points HEAD at the first updated branch when HEAD's own branch does not exist, so that a clone
// checks something out.
absl::Status AdjustHead(const std::string& directory, const std::vector<RefUpdate>& updates);

}  // namespace slipway::githost
