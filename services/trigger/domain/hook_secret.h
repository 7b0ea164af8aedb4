#pragma once

#include <string>

namespace slipway::trigger {

// The place that a hook's sealed secret is bound to.
inline std::string HookSecretPlace(const std::string& hook) { return "hooks/secret/" + hook; }

}  // namespace slipway::trigger
