#pragma once

#include <string>

#include "absl/status/status.h"
#include "tools/slipway/commands/context.h"

namespace slipway::cli {

struct LoginArgs {
  std::string url = {};
  std::string user = {};        // "": asked for
  bool password_stdin = false;  // the first line of standard input
};
// Signs in and keeps the session. The password comes from standard input, SLIPWAY_PASSWORD, or the
// terminal.
absl::Status Login(Context& context, const LoginArgs& args);

// Ends the stored session at the server and forgets it.
absl::Status Logout(Context& context);

// Chooses the project that names without one are in.
absl::Status Use(Context& context, const std::string& project);

absl::Status WhoAmI(Context& context);

struct TokenArgs {
  std::string name = {};
  std::string role = {};
  std::string app = {};
  std::string project = {};
  std::string environment = {};
  std::string expires = {};  // "90d"; "": the server's default
};
// Creates a token and writes its secret, alone, on standard output.
absl::Status CreateToken(Context& context, const TokenArgs& args);

// Shows the tokens that the caller may see, without their secrets.
absl::Status ListTokens(Context& context);

// Ends a token at once. Asks nothing: a token that leaked has to go.
absl::Status RevokeToken(Context& context, const std::string& name);

}  // namespace slipway::cli
