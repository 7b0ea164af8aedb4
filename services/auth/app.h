#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "libs/service/runtime.h"
#include "services/auth/api/auth_api.h"

namespace slipway::auth {

// Settings of slipway-auth.
struct Config {
  service::CommonConfig common;
  std::string assertion_key_file;
  std::string service_tokens_dir;
  std::string admin_password_file;

  // From flags, environment and file; prints and exits on a mistake.
  static Config Parse(int argc, char** argv);
};

// Composition root: owns everything, in order of construction.
class App {
 public:
  static absl::StatusOr<std::unique_ptr<App>> Create(Config config);
  // Serves until SIGTERM.
  void Run();
  service::Runtime& runtime() { return *runtime_; }

 private:
  App() = default;
  absl::Status Init();

  Config config_;
  std::optional<rpc::AssertionSigner> signer_;
  std::optional<ServiceTokens> service_tokens_;
  PasswordHasher passwords_;
  std::unique_ptr<Identity> identity_;
  std::unique_ptr<People> people_;
  std::atomic<People*> audit_target_ = nullptr;  // set once the trail can be written
  std::unique_ptr<AuthApi> api_;
  std::unique_ptr<service::Runtime> runtime_;
};

}  // namespace slipway::auth
