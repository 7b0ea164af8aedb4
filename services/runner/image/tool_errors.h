#pragma once

#include <string>
#include <string_view>

namespace slipway::runner {

// The cause of a failed build in one sentence with the remedy, from the end of buildah's output;
// `ending` says how the program ended and is used where the output says nothing. Pure.
std::string BuildFailureCause(std::string_view output, std::string_view ending);

// The same for a failed push. Pure.
std::string PushFailureCause(std::string_view output, std::string_view ending);

}  // namespace slipway::runner
