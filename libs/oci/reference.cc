#include "libs/oci/reference.h"

#include <re2/re2.h>

#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace slipway::oci {
namespace {

bool Matches(std::string_view text, const RE2& pattern) {
  return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

absl::Status Invalid(std::string_view text, std::string_view problem) {
  ErrorDetails details;
  details.reason = "IMAGE_REFERENCE_INVALID";
  return MakeError(absl::StatusCode::kInvalidArgument,
                   "image \"" + Truncate(ToValidUtf8(text), 200) + "\" " + std::string(problem),
                   std::move(details));
}

// A first part with a dot, a port, or that is localhost, is a registry; "a/b" alone is a repository
// of docker.io.
bool IsRegistry(std::string_view part) {
  static const RE2 kHost(
      R"((?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?)");
  return (part == "localhost" || part.find_first_of(".:") != std::string_view::npos) &&
         Matches(part, kHost);
}

}  // namespace

std::string ImageReference::ToString() const {
  return registry + "/" + repository + (tag.empty() ? "" : ":" + tag) +
         (digest.empty() ? "" : "@" + digest);
}

bool IsRepositoryName(std::string_view text) {
  static const RE2 kName(
      R"([a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)");
  return text.size() <= 255 && Matches(text, kName);
}

bool IsTag(std::string_view text) {
  static const RE2 kTag(R"([A-Za-z0-9_][A-Za-z0-9._-]{0,127})");
  return Matches(text, kTag);
}

bool IsDigest(std::string_view text) {
  return text.size() == 71 && text.starts_with("sha256:") &&
         text.find_first_not_of("0123456789abcdef", 7) == std::string_view::npos;
}

absl::StatusOr<ImageReference> ParseReference(std::string_view text) {
  ImageReference out;
  std::string_view rest = text;
  if (rest.size() > 1024) return Invalid(text, "has a name that is too long");
  if (const size_t at = rest.find('@'); at != std::string_view::npos) {
    out.digest = rest.substr(at + 1);
    rest = rest.substr(0, at);
    if (!IsDigest(out.digest))
      return Invalid(text, "has a digest that is not sha256: and 64 hex digits");
  }
  const size_t slash = rest.find('/');
  if (slash != std::string_view::npos && IsRegistry(rest.substr(0, slash))) {
    out.registry = ToLower(rest.substr(0, slash));
    rest = rest.substr(slash + 1);
  }
  if (const size_t colon = rest.rfind(':');
      colon != std::string_view::npos && rest.find('/', colon) == std::string_view::npos) {
    out.tag = rest.substr(colon + 1);
    rest = rest.substr(0, colon);
    if (!IsTag(out.tag)) return Invalid(text, "has a tag that is not [A-Za-z0-9_][A-Za-z0-9._-]*");
  }
  out.repository = rest;
  if (out.registry == "index.docker.io") out.registry = "docker.io";
  if (out.registry.empty()) out.registry = "docker.io";
  if (out.registry == "docker.io" && out.repository.find('/') == std::string::npos) {
    out.repository = "library/" + out.repository;
  }
  if (!IsRepositoryName(out.repository))
    return Invalid(text, "has a repository name that is not lower-case parts between slashes");
  if (out.tag.empty() && out.digest.empty()) out.tag = "latest";
  return out;
}

}  // namespace slipway::oci
