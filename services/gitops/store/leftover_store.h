#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/db/tx.h"
#include "services/gitops/store/provider_store.h"

// Repositories that validations made on hosts and that are not known to be gone. Functions within
// the caller's transaction.
namespace slipway::gitops::leftovers {

struct Leftover {
  std::string repository = {};  // its name, never used twice
  std::string provider = {};    // gitopsProviders/G
  std::string provider_uid = {};
  slipway::gitops::v1::GitOpsProviderSpec spec = {};
  std::string token = {};  // sealed
  std::string client_key = {};
  int attempts = 0;
  absl::Time created = {};
};

// Before the repository is made. `instance` works with it for `lease`.
absl::Status Note(db::Tx& tx, const std::string& repository, const providers::Provider& provider,
                  const std::string& instance, absl::Duration lease);
absl::Status Strike(db::Tx& tx, const std::string& repository);
// One that nobody works with any more, taken by `instance` for `lease`.
absl::StatusOr<std::optional<Leftover>> Claim(db::Tx& tx, const std::string& instance,
                                              absl::Duration lease);
// It could not be deleted; next try after `pause`.
absl::Status PutOff(db::Tx& tx, const std::string& repository, absl::Duration pause);

}  // namespace slipway::gitops::leftovers
