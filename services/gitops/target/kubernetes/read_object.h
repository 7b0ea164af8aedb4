#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "libs/kube/object.h"

namespace slipway::gitops::kubernetes {

// The object in an answer of the server, or in the body of a request. With their status objects can
// be big, and nest deeper than what people write. UNAVAILABLE: there is none.
absl::StatusOr<kube::Object> ReadObject(std::string_view body);

// Metadata as the server gives it of any kind, under the identity that was asked for.
absl::StatusOr<kube::Object> ReadMetadata(const kube::ObjectId& id, std::string_view body);

}  // namespace slipway::gitops::kubernetes
