#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "libs/base/error.h"

namespace slipway::pipeline {

// The mistakes of one resource, collected so that a user sees all of them at once. Fields are paths
// as in manifests: "spec.deploymentPipelines[1].after". A value, not thread-safe.
class Violations {
 public:
  void Add(std::string_view field, std::string_view description) {
    list_.push_back({std::string(field), std::string(description)});
  }
  // The mistakes of an error about what stands at `path`; nothing for OK.
  void AddAll(std::string_view path, const absl::Status& mistakes);
  bool empty() const { return list_.empty(); }
  const std::vector<ErrorDetails::FieldViolation>& list() const { return list_; }

  // OK, or INVALID_ARGUMENT (INVALID_FIELD) with all of them; the text is the first one and how
  // many there are more.
  absl::Status ToStatus() const;

 private:
  std::vector<ErrorDetails::FieldViolation> list_;
};

// "<what> "<word>" does not exist", with the nearest of `known` or, where none is near, what there
// is.
std::string NoSuch(std::string_view what, std::string_view word,
                   const std::vector<std::string>& known);

}  // namespace slipway::pipeline
