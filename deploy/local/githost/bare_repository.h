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

// One push, or one comparison of refs, in a repository at a time. The lock goes over to child
// processes that inherit the descriptor and ends with the last of them: who holds it knows that no
// push is between its refs and its record. With `wait` false: UNAVAILABLE when somebody holds it.
absl::StatusOr<UniqueFd> LockRepository(const std::string& directory, bool wait);

// Points HEAD at the first updated branch when HEAD's own branch does not exist, so that a clone
// checks something out.
absl::Status AdjustHead(const std::string& directory, const std::vector<RefUpdate>& updates);

}  // namespace slipway::githost
