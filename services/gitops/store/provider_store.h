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
  slipway::gitops::v1::GitOpsProviderStatus stages = {};  // its stages and warnings only
  int attempts = 0;
  std::string commit = {};
  int64_t version = 0;  // counts what people saved
  absl::Time created = {};
  absl::Time updated = {};
  std::string client_key = {};  // of the client certificate; sealed
  std::string live_client_key = {};
  std::string repository_url = {};  // of the repository in effect; empty: that of live_spec

  std::string Name() const { return "gitopsProviders/" + id; }
};

// ALREADY_EXISTS: the id is taken.
absl::Status Insert(db::Tx& tx, Provider& provider);
absl::StatusOr<std::optional<Provider>> Get(db::Tx& tx, const std::string& id, bool lock = false);
// At most `limit` with an id after `after`, by id.
absl::StatusOr<std::vector<Provider>> List(db::Tx& tx, const std::string& after, int limit);
absl::StatusOr<std::optional<Provider>> GetInForce(db::Tx& tx);
// Another text whenever the provider in force or a project's own repository has changed; empty:
// none is in force. One statement.
absl::StatusOr<std::string> GetStamp(db::Tx& tx);
// Writes everything but id and uid. `next_attempt`: when a validation is due.
absl::Status Update(db::Tx& tx, Provider& provider,
                    absl::Duration next_attempt = absl::ZeroDuration());
absl::Status Delete(db::Tx& tx, const std::string& id);
// One whose validation is due, taken by `instance` for `lease`; nobody else takes it before that.
absl::StatusOr<std::optional<Provider>> ClaimForValidation(db::Tx& tx, const std::string& instance,
                                                           absl::Duration lease);
// How many apps in environments run what was applied from another repository and branch than
// `place`.
absl::StatusOr<int> CountAppliedElsewhere(db::Tx& tx, const std::string& place);
absl::Status SetCommit(db::Tx& tx, const std::string& id, const std::string& commit);

}  // namespace slipway::gitops::providers
