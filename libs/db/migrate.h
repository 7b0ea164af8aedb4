#pragma once

#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "libs/base/embedded_file.h"

namespace slipway::db {

// Numbered files ("0001_users.sql") with a name of their own: the service's, and those of the libs
// whose tables live in its schema ("journal", "events").
struct MigrationSet {
  std::string_view name;
  std::span<const EmbeddedFile> files;
};

struct MigrateOptions {
  std::string dsn = {};
  std::string schema = {};                  // created when it is missing
  absl::Duration wait = absl::Seconds(30);  // for a database that is not up yet
  std::stop_token stop = {};                // ends the waiting early (CANCELLED)
};

// Brings the tables of a schema up to date, at the start of a service or by `<service> migrate`.
// Sets are applied in the given order, each file once, in one transaction of its own, under an
// advisory lock, so that several processes may call it together. Applied files are kept with their
// SHA-256 in <schema>.schema_migrations.
//
// FAILED_PRECONDITION: an applied file has changed since, a file is missing in between, or the
// schema has a newer version than this binary knows. UNAVAILABLE: the database can't be reached
// within `wait`.
absl::Status Migrate(const MigrateOptions& options, const std::vector<MigrationSet>& sets);

}  // namespace slipway::db
