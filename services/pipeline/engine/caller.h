#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/db/tx.h"

namespace slipway::pipeline {

// What the engine needs to know of a call; made by the API for each call.
struct Caller {
  absl::Time deadline = absl::InfiniteFuture();
  // Writes the audit entry of a change in its transaction.
  std::function<absl::Status(db::Tx& tx, const std::string& resource)> audit;
  // Whether the caller may see a resource; for lists.
  std::function<bool(const std::string& name)> may_see;
  // OK, or the refusal, for changing a resource of this name; for sets of definitions.
  std::function<absl::Status(const std::string& name, bool global)> may_edit;
};

}  // namespace slipway::pipeline
