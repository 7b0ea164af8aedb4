#include "libs/rpc/assertion.h"

#include <catch2/catch.hpp>

namespace slipway::rpc {
namespace {

struct Pair {
  AssertionSigner signer = AssertionSigner::FromSeed(std::string(32, 's')).value();
  FakeClock clock;
  int fetches = 0;
  AssertionVerifier verifier{clock, [this]() -> absl::StatusOr<std::vector<std::string>> {
                               ++fetches;
                               return std::vector<std::string>{signer.public_key()};
                             }};
  slipway::auth::v1::Principal Admin() {
    slipway::auth::v1::Principal principal;
    principal.set_kind(slipway::auth::v1::Principal::USER);
    principal.set_id("admin");
    return principal;
  }
};

}  // namespace

TEST_CASE("a signed assertion is verified offline until it ends") {
  Pair pair;
  const std::string assertion =
      pair.signer.Sign(pair.Admin(), pair.clock.Now() + absl::Seconds(60));
  CHECK(pair.verifier.Verify(assertion)->principal.id() == "admin");
  CHECK(pair.verifier.Verify(assertion).ok());
  CHECK(pair.fetches == 1);
  pair.clock.Advance(absl::Seconds(60));
  CHECK(pair.verifier.Verify(assertion).status().code() == absl::StatusCode::kUnauthenticated);
}

TEST_CASE("a changed, foreign or malformed assertion is refused") {
  Pair pair;
  const absl::Time expires = pair.clock.Now() + absl::Seconds(60);
  std::string changed = pair.signer.Sign(pair.Admin(), expires);
  for (size_t i = 0; i < changed.size(); ++i) {
    std::string mutant = changed;
    mutant[i] = static_cast<char>(mutant[i] ^ 1);
    const auto result = pair.verifier.Verify(mutant);
    // A flipped bit may only ever leave the principal as it was (unknown fields are not made up
    // here).
    INFO(i);
    CHECK_FALSE(result.ok());
  }
  const auto stranger = AssertionSigner::FromSeed(std::string(32, 'x')).value();
  CHECK_FALSE(pair.verifier.Verify(stranger.Sign(pair.Admin(), expires)).ok());
  CHECK_FALSE(pair.verifier.Verify("").ok());
  CHECK_FALSE(pair.verifier.Verify("garbage").ok());
  CHECK_FALSE(AssertionSigner::FromSeed("short").ok());
}

}  // namespace slipway::rpc
