#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace slipway::kube {

// Fields that an app leaves to others though its manifests have them; Argo CD's ignoreDifferences.
// A value.
struct IgnoreRule {
  // Which objects: globs, "" is any. The core group is named "core", since "" is any.
  std::string group = {}, kind = {}, ns = {}, name = {};
  std::vector<std::string> json_pointers = {};  // RFC 6901, indices as in the manifest
  std::vector<std::string> managers = {};       // everything that these field managers own
};

// OK, or INVALID_ARGUMENT with all mistakes, by the names of slipway.pipeline.v1.IgnoreDifference:
// a pointer that is none, or to the object's identity; a rule that names nothing to ignore.
absl::Status ValidateIgnoreRule(const IgnoreRule& rule);

// The keys and indices of a JSON pointer; empty: it is none, or the whole document.
std::vector<std::string> PointerSteps(std::string_view pointer);

// Whether a pointer's steps lead to what makes an object the one that it is.
bool IsIdentity(const std::vector<std::string>& steps);

}  // namespace slipway::kube
