#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace slipway::oci {

// The name of an image (https://github.com/distribution/reference): registry, repository, and tag
// or digest or both.
struct ImageReference {
  std::string registry;    // "127.0.0.1:5000", "docker.io"
  std::string repository;  // "demo/hello"
  std::string tag;         // may be empty
  std::string digest;      // "sha256:<64 hex digits>", may be empty

  // "127.0.0.1:5000/demo/hello:v1@sha256:..."
  std::string ToString() const;
  // What stands for the image in the registry's API: the digest if there is one, else the tag.
  const std::string& Identifier() const { return digest.empty() ? tag : digest; }
};

// Reads a reference as docker does: without a registry it is docker.io, there without a namespace
// library/, and without tag and digest the tag is latest. INVALID_ARGUMENT, the text says what is
// wrong.
absl::StatusOr<ImageReference> ParseReference(std::string_view text);

// "demo/hello": lower case, each part [a-z0-9] with single separators . _ __ or dashes inside.
bool IsRepositoryName(std::string_view text);
// [A-Za-z0-9_][A-Za-z0-9._-]{0,127}
bool IsTag(std::string_view text);
// "sha256:" and 64 lower-case hex digits.
bool IsDigest(std::string_view text);

}  // namespace slipway::oci
