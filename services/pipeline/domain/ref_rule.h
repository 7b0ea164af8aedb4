#pragma once

#include <string>
#include <string_view>

#include "slipway/pipeline/v1/resources.pb.h"

namespace slipway::pipeline {

// "main" and "refs/heads/main" are the branch "main"; "" for other refs.
std::string BranchOf(std::string_view ref);
// "refs/heads/main" for both.
std::string FullBranchRef(std::string_view ref);

// Whether a workflow with this source builds the branch: by its whole name, or by an unanchored RE2
// pattern.
bool Builds(const v1::BuildFrom& from, const std::string& branch);

}  // namespace slipway::pipeline
