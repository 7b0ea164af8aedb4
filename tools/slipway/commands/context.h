#pragma once

#include "tools/slipway/client/api.h"
#include "tools/slipway/client/settings.h"
#include "tools/slipway/errors.h"
#include "tools/slipway/names/name.h"
#include "tools/slipway/output/output.h"

namespace slipway::cli {

// What every command works with. Owned by the command line; the settings must outlive it. Used by
// one thread.
struct Context {
  Context(const Settings& s, Format format, NameScope names)
      : settings(s), output(format), api(s), scope(std::move(names)) {}

  const Settings& settings;
  Output output;
  Api api;
  NameScope scope;  // the project in use, and --project, --app, --environment
};

}  // namespace slipway::cli
