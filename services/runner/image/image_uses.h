#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace slipway::runner {

// When each image of the builder's storage was used last, which the storage does not know: one
// small file for each name, whose time is that of the last use. Owned by ImageStorage; functions of
// different names may run at once.
class ImageUses {
 public:
  explicit ImageUses(std::string folder) : folder_(std::move(folder)) {}

  struct Use {
    std::string image;  // HOST/REPOSITORY:TAG
    absl::Time last;
  };

  // Used now.
  absl::Status Touch(const std::string& image) const;
  void Forget(const std::string& image) const;
  // Every `image` of the storage, the one unused the longest first. One that is not yet known (a
  // base image) counts as used now; what is known and no longer in the storage is forgotten.
  std::vector<Use> Of(const std::vector<std::string>& images) const;

 private:
  std::string PathOf(const std::string& image) const;
  const std::string folder_;
};

}  // namespace slipway::runner
