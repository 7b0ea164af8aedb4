#pragma once

#include <functional>
#include <string_view>

#include "libs/db/pool.h"
#include "libs/events/outbox.h"
#include "libs/git/cli.h"
#include "libs/git/mirror_store.h"
#include "libs/seal/key_ring.h"
#include "services/pipeline/engine/definitions.h"
#include "services/pipeline/engine/deletions.h"
#include "services/pipeline/engine/mirror_keeper.h"
#include "services/pipeline/engine/planner.h"
#include "services/pipeline/engine/repositories.h"
#include "services/pipeline/engine/secrets.h"
#include "services/pipeline/engine/tags.h"

namespace slipway::pipeline {

// The use cases of this service, put together. Owned by App, or by a test. Thread-safe.
class Engine {
 public:
  // All outlive the engine.
  struct Parts {
    db::Pool& pool;
    events::Outbox& outbox;
    const seal::KeyRing& keys;
    const git::GitCli& git;
    git::MirrorStore& mirrors;
    std::function<absl::Status(std::string_view url)> check_url;
    Deletions::DeleteScope delete_scope;
  };
  explicit Engine(const Parts& parts)
      : secrets(parts.keys),
        mirror_keeper(parts.pool, parts.mirrors),
        deletions(parts.pool, parts.outbox, secrets, parts.delete_scope,
                  [this] { mirror_keeper.Wake(); }),
        definitions(
            {parts.pool, parts.outbox, secrets, parts.check_url, [this] { deletions.Wake(); }}),
        repositories({parts.pool, parts.git, parts.mirrors, secrets}),
        planner(parts.pool, repositories, secrets),
        tags(parts.pool) {}

  Secrets secrets;
  MirrorKeeper mirror_keeper;
  Deletions deletions;
  Definitions definitions;
  Repositories repositories;
  Planner planner;
  Tags tags;
};

}  // namespace slipway::pipeline
