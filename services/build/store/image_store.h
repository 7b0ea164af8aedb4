#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/db/tx.h"
#include "services/build/domain/records.h"

namespace slipway::build {

// Records what a run built; nothing where the step has its image already.
absl::StatusOr<std::optional<ImageRecord>> InsertImage(db::Tx& tx, const RunRecord& run,
                                                       const v1::BuiltImage& built);

// By id, or the newest with this digest. NOT_FOUND also where the app is gone.
absl::StatusOr<ImageRecord> GetImage(db::Tx& tx, const ImageName& name);

struct ImageFilter {
  AppName app = {};
  std::string workflow = {};
  std::optional<std::pair<absl::Time, std::string>> before = {};
  int limit = 50;
};
// The newest first.
absl::StatusOr<std::vector<ImageRecord>> ListImages(db::Tx& tx, const ImageFilter& filter);

}  // namespace slipway::build
