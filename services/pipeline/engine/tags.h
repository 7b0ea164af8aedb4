#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/db/db.h"
#include "services/pipeline/engine/caller.h"
#include "slipway/pipeline/v1/pipeline.pb.h"

namespace slipway::pipeline {

// Image tags with a counter: each number is given once, each tag is taken by one build. Owned by
// App; thread-safe.
class Tags {
 public:
  explicit Tags(db::Pool& pool) : pool_(pool) {}

  // The tag for a build, counted and reserved in one transaction. IMAGE_TAG_EXISTS if it is taken;
  // the counter has moved on then, so that the next build gets another. The same key gets the same
  // answer.
  absl::StatusOr<std::string> Reserve(const Caller& caller,
                                      const v1::ReserveImageTagRequest& request) const;

  // The image exists (`used`), or the tag is free again. Unknown keys are OK.
  absl::Status Release(const Caller& caller, std::string_view idempotency_key, bool used) const;

 private:
  db::Pool& pool_;
};

}  // namespace slipway::pipeline
