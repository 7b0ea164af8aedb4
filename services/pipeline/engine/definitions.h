#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "libs/db/db.h"
#include "libs/events/outbox.h"
#include "services/pipeline/engine/caller.h"
#include "services/pipeline/engine/saver.h"
#include "services/pipeline/engine/secrets.h"
#include "slipway/pipeline/v1/pipeline.pb.h"

namespace slipway::pipeline {

// The life of all kinds of definitions: create, get, list, update, validate as a set, delete.
// Messages are those of kind.h; the one implementation works on what they have in common. Owned by
// App; thread-safe.
class Definitions {
 public:
  struct Parts {
    db::Pool& pool;
    events::Outbox& outbox;
    const Secrets& secrets;
    // Whether this installation calls a URL on a user's word; INVALID_ARGUMENT where it does not.
    // May be empty.
    std::function<absl::Status(std::string_view url)> check_url;
    // There is own work for deletions (see Deletions).
    std::function<void()> wake_deletions;
  };
  explicit Definitions(Parts parts)
      : parts_(std::move(parts)), saver_(parts_.secrets, parts_.outbox) {}

  // Creates `resource` below `parent` and fills it from what was stored. Without `id` a unique one
  // is made.
  absl::Status Create(const Caller& caller, std::string_view parent, std::string_view id,
                      bool validate_only, google::protobuf::Message* resource) const;

  // Fills `resource` from the definition of this name, which must be of its kind.
  absl::Status Get(const Caller& caller, std::string_view name,
                   google::protobuf::Message* resource) const;

  // A page of what the caller may see, by name; each is filled into a message that `add` returns.
  // Returns the token of the next page, or "".
  absl::StatusOr<std::string> List(const Caller& caller, Kind kind, std::string_view parent,
                                   int page_size, std::string_view page_token,
                                   const std::function<google::protobuf::Message*()>& add) const;

  // Writes the whole spec. An update that changes nothing leaves etag and update_time as they are.
  absl::Status Update(const Caller& caller, bool allow_missing, bool validate_only,
                      google::protobuf::Message* resource) const;

  // Deletes, or starts to delete, the definition and fills `resource` with its last state.
  absl::Status Delete(const Caller& caller, std::string_view name, std::string_view etag,
                      google::protobuf::Message* resource) const;

  // What applying the resources one after another would do. Nothing is changed.
  absl::StatusOr<v1::ValidateResourcesResponse> ValidateSet(
      const Caller& caller, const v1::ValidateResourcesRequest& request) const;

 private:
  enum class Outcome { kCreated, kUpdated, kUnchanged };
  using Mistakes = std::vector<ErrorDetails::FieldViolation>;

  absl::Status CreateIn(db::Tx& tx, const Caller& caller, std::string_view parent,
                        std::string_view id, const Mistakes& mistakes,
                        google::protobuf::Message* resource) const;
  absl::StatusOr<Outcome> UpdateIn(db::Tx& tx, const Caller& caller, bool allow_missing,
                                   const Mistakes& mistakes,
                                   google::protobuf::Message* resource) const;
  absl::Status DeleteIn(db::Tx& tx, const Caller& caller, std::string_view name,
                        std::string_view etag, google::protobuf::Message* resource) const;
  absl::Status CheckNothingHangsOn(db::Tx& tx, const store::ResourceRow& row) const;
  absl::Status Fill(db::Tx& tx, const store::ResourceRow& row,
                    google::protobuf::Message* resource) const;
  // May look up host names, so never within a transaction.
  Mistakes CheckUrls(const google::protobuf::Message& resource) const;

  // Runs `body` on a copy of `resource` in a transaction, and hands the copy over when it went
  // well. `dry`: the transaction is rolled back all the same.
  absl::Status Run(
      const Caller& caller, const char* name, bool dry, google::protobuf::Message* resource,
      const std::function<absl::Status(db::Tx&, google::protobuf::Message*)>& body) const;

  const Parts parts_;
  const Saver saver_;
};

}  // namespace slipway::pipeline
