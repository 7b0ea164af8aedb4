#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

// What may be wrong with the source of an app. Those of INVALID_ARGUMENT and NOT_FOUND are final
// for this commit and these settings; RESOURCE_EXHAUSTED as well, but they are not remembered;
// all others may pass by themselves. None of them means "there is nothing to deploy".
namespace slipway::gitops {

// INVALID_ARGUMENT SOURCE_INVALID: "<path>: <problem>".
absl::Status SourceInvalid(std::string_view path, std::string_view problem);
// INVALID_ARGUMENT SOURCE_REMOTE: the render would need the network.
absl::Status SourceRemote(std::string_view path, std::string_view what, std::string_view remedy);
// NOT_FOUND SOURCE_NOT_FOUND
absl::Status SourceNotFound(std::string_view path);
// INVALID_ARGUMENT RENDER_FAILED: the tool's own message.
absl::Status RenderFailed(std::string_view tool, std::string_view detail);
// INVALID_ARGUMENT RENDER_EMPTY
absl::Status RenderEmpty(std::string_view path);
// INVALID_ARGUMENT IMAGE_NOT_USED: the image of the deployment is not in what was rendered.
absl::Status ImageNotUsed(std::string_view image, std::string_view remedy);
// RESOURCE_EXHAUSTED RENDER_LIMIT
absl::Status RenderLimit(std::string_view what);
// DEADLINE_EXCEEDED RENDER_TIMEOUT
absl::Status RenderTimeout(std::string_view tool, std::string_view after);
// FAILED_PRECONDITION TOOL_MISSING: the setting that names the program.
absl::Status ToolMissing(std::string_view tool, std::string_view setting, std::string_view binary);

}  // namespace slipway::gitops
