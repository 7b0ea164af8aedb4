#include "libs/forge/signature.h"

#include <optional>
#include <string>

#include "libs/base/encoding.h"
#include "libs/forge/errors.h"

namespace slipway::forge {

absl::Status VerifyGitHubSignature(const http::Headers& headers, std::string_view body,
                                   std::string_view secret) {
  if (secret.empty()) return HookWithoutSecret();
  std::string_view header = http::FindHeader(headers, "X-Hub-Signature-256");
  if (header.empty()) {
    return http::FindHeader(headers, "X-Hub-Signature").empty() ? SignatureMissing()
                                                                : SignatureTooWeak();
  }
  constexpr std::string_view kPrefix = "sha256=";
  if (!header.starts_with(kPrefix)) return SignatureWrong();
  header.remove_prefix(kPrefix.size());
  const std::optional<std::string> given = HexDecode(header);
  if (!given || !ConstantTimeEquals(*given, HmacSha256(secret, body))) return SignatureWrong();
  return absl::OkStatus();
}

}  // namespace slipway::forge
