#pragma once

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace slipway::gitops {

// What setter comments may ask for. A value.
struct SetterValues {
  std::string image = {};  // HOST/REPOSITORY@sha256:...; empty: markers of the image change nothing
  std::string k8s_namespace = {};
  std::string environment = {};
  std::map<std::string, std::string> env = {};
};

// Puts values into a manifest where a comment behind the value asks for them, as Flux's markers do:
//
//   image: demo/hello:1 # {"$slipway": "image"}
//
// "image" (by digest), "image:name", "image:digest", "namespace", "environment", "env:NAME".
// Nothing else of the text changes: quotes stay, a number or boolean is only replaced by one.
// INVALID_ARGUMENT with file and line for an unknown setter, a variable that is not set, and a
// value that can't be replaced on its line. Pure.
absl::StatusOr<std::string> ApplySetters(std::string_view file, std::string_view text,
                                         const SetterValues& values);

}  // namespace slipway::gitops
