#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "tools/slipway/commands/context.h"

namespace slipway::cli {

struct ResourceArgs {
  std::string kind = {};
  std::string name = {};     // "": all of the kind
  std::string confirm = {};  // of delete
  size_t limit = 50;         // of lists
};

// One resource or a list, as a table, or with -o yaml as apply takes it.
absl::Status Get(Context& context, const ResourceArgs& args);
// All that is known of one.
absl::Status Describe(Context& context, const ResourceArgs& args);
// Deletes one, after its name was typed again or given by --confirm.
absl::Status Delete(Context& context, const ResourceArgs& args);

// The list of a kind under `context.scope`, as a table. `path` may carry a filter.
absl::Status ShowList(Context& context, const Kind& kind, const Path& path, size_t limit,
                      const std::string& none);

// The resource of a full name. Of "latest" that is not there it says that there is none yet.
absl::StatusOr<boost::json::value> GetNamed(Context& context, const Kind& kind,
                                            const std::string& name);

}  // namespace slipway::cli
