#include "libs/forge/signature.h"

#include <catch2/catch.hpp>

#include "libs/base/encoding.h"
#include "libs/base/error.h"

namespace slipway::forge {
namespace {

std::string ReasonOf(const absl::Status& status) { return DetailsOf(status).reason; }

// The values of GitHub's documentation, "Testing the webhook payload validation".
constexpr char kSecret[] = "It's a Secret to Everybody";
constexpr char kBody[] = "Hello, World!";
constexpr char kSignature[] =
    "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

TEST_CASE("GitHub's documented signature is accepted, with any case of the header's name") {
  CHECK(VerifyGitHubSignature({{"X-Hub-Signature-256", kSignature}}, kBody, kSecret).ok());
  CHECK(VerifyGitHubSignature({{"x-hub-signature-256", kSignature}}, kBody, kSecret).ok());
}

TEST_CASE("Any other body, secret or signature is refused") {
  const http::Headers headers = {{"X-Hub-Signature-256", kSignature}};
  CHECK(ReasonOf(VerifyGitHubSignature(headers, "Hello, World?", kSecret)) == "SIGNATURE_WRONG");
  CHECK(ReasonOf(VerifyGitHubSignature(headers, "", kSecret)) == "SIGNATURE_WRONG");
  CHECK(ReasonOf(VerifyGitHubSignature(headers, kBody, "another")) == "SIGNATURE_WRONG");
  const std::string good = kSignature;
  for (size_t i = 7; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = bad[i] == '0' ? '1' : '0';
    CHECK(ReasonOf(VerifyGitHubSignature({{"X-Hub-Signature-256", bad}}, kBody, kSecret)) ==
          "SIGNATURE_WRONG");
  }
  for (const std::string& bad :
       {good.substr(7), std::string("sha256="), good.substr(0, good.size() - 2), good + "00",
        "sha1=" + good.substr(7), std::string("sha256=zz")}) {
    INFO(bad);
    CHECK(ReasonOf(VerifyGitHubSignature({{"X-Hub-Signature-256", bad}}, kBody, kSecret)) ==
          "SIGNATURE_WRONG");
  }
}

TEST_CASE("No signature, a SHA-1 one, or a hook without secret is refused") {
  CHECK(ReasonOf(VerifyGitHubSignature({}, kBody, kSecret)) == "SIGNATURE_MISSING");
  CHECK(ReasonOf(VerifyGitHubSignature(
            {{"X-Hub-Signature", "sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59"}}, kBody,
            kSecret)) == "SIGNATURE_TOO_WEAK");
  const std::string of_empty = "sha256=" + HexEncode(HmacSha256("", kBody));
  CHECK(ReasonOf(VerifyGitHubSignature({{"X-Hub-Signature-256", of_empty}}, kBody, "")) ==
        "HOOK_WITHOUT_SECRET");
}

}  // namespace
}  // namespace slipway::forge
