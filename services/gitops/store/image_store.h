#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/db/tx.h"
#include "services/gitops/domain/deployment.h"

// The images that build told about. Functions within the caller's transaction.
namespace slipway::gitops::images {

// Keeps an image; one that is known already stays as it is.
absl::Status Add(db::Tx& tx, const ImageRecord& image);

absl::StatusOr<std::optional<ImageRecord>> Get(db::Tx& tx, const std::string& name);

// Images of an app that `text` stands for: name, reference, tag, digest, or at least 12 characters
// of a digest. Newest first; several entries may be the same digest built twice.
absl::StatusOr<std::vector<ImageRecord>> Find(db::Tx& tx, const std::string& app_uid,
                                              const std::string& text);

// The newest image of a workflow that was healthy in `after` (empty: that was built).
absl::StatusOr<std::optional<ImageRecord>> NewestAllowed(db::Tx& tx, const std::string& app_uid,
                                                         const std::string& workflow,
                                                         const AppEnvironment& where,
                                                         const std::string& after);

}  // namespace slipway::gitops::images
