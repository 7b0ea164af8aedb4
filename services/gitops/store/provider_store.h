#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/db/tx.h"
#include "slipway/gitops/v1/gitops.pb.h"

// GitOps providers as rows. Tokens are sealed before they come here. Functions within the caller's
// transaction.
namespace slipway::gitops::providers {

struct Provider {
  std::string id = {};
  std::string uid = {};  // never used again: what sealed tokens are bound to
  slipway::gitops::v1::GitOpsProviderSpec spec = {};  // as saved, without token
  std::string token = {};                             // sealed; empty: none
  std::optional<slipway::gitops::v1::GitOpsProviderSpec> live_spec =
      {};  // what passed its validation
  std::string live_token = {};
  bool in_force = false;
  slipway::gitops::v1::GitOpsProviderStatus::State state =
      slipway::gitops::v1::GitOpsProviderStatus::STATE_UNSPECIFIED;
  slipway::gitops::v1::GitOpsProviderStatus stages = {};  // its stages only
  int attempts = 0;
  std::string commit = {};
  int64_t version = 0;  // counts what people saved
  absl::Time created = {};
  absl::Time updated = {};

  std::string Name() const { return "gitopsProviders/" + id; }
};

// ALREADY_EXISTS: the id is taken.
absl::Status Insert(db::Tx& tx, Provider& provider);
absl::StatusOr<std::optional<Provider>> Get(db::Tx& tx, const std::string& id, bool lock = false);
// At most `limit` with an id after `after`, by id.
absl::StatusOr<std::vector<Provider>> List(db::Tx& tx, const std::string& after, int limit);
absl::StatusOr<std::optional<Provider>> GetInForce(db::Tx& tx);
// Writes everything but id and uid. `next_attempt`: when a validation is due.
absl::Status Update(db::Tx& tx, Provider& provider,
                    absl::Duration next_attempt = absl::ZeroDuration());
absl::Status Delete(db::Tx& tx, const std::string& id);
// Those whose validation is due.
absl::StatusOr<std::vector<Provider>> DueForValidation(db::Tx& tx);
absl::Status SetCommit(db::Tx& tx, const std::string& id, const std::string& commit);

}  // namespace slipway::gitops::providers
