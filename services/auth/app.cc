#include "services/auth/app.h"

#include <sodium.h>

#include "absl/time/clock.h"
#include "embed/auth_migrations.h"
#include "libs/base/encoding.h"
#include "libs/base/file.h"
#include "libs/base/id.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "slipway/auth/v1/auth.pb.h"

namespace slipway::auth {
namespace {

// The 32-byte seed in `path` as hex; made at the first start.
absl::StatusOr<rpc::AssertionSigner> LoadSigner(const std::string& path) {
  if (!PathExists(path)) SLIPWAY_RETURN_IF_ERROR(WriteFileAtomic(path, RandomHex(32) + "\n", 0600));
  SLIPWAY_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, 4096));
  const auto seed = HexDecode(Trim(text));
  if (!seed)
    return absl::FailedPreconditionError(path + " is not an assertion key: it holds 64 hex digits");
  return rpc::AssertionSigner::FromSeed(*seed);
}

}  // namespace

Config Config::Parse(int argc, char** argv) {
  Config config;
  config::ConfigParser parser("auth", "Users, tokens, role bindings, assertions, audit.");
  config.common.Bind(parser, false);
  parser.String(&config.assertion_key_file,
                {.flag = "assertion-key-file",
                 .help = "Ed25519 seed as 64 hex digits; made if missing",
                 .required = true});
  parser.String(&config.service_tokens_dir,
                {.flag = "service-tokens-dir",
                 .help = "folder with service-NAME.token and runner-NAME.token",
                 .required = true});
  parser.String(&config.admin_password_file,
                {.flag = "admin-password-file",
                 .help = "password of the administrator, for the first start"});
  parser.ParseOrExit(argc, argv);
  return config;
}

absl::StatusOr<std::unique_ptr<App>> App::Create(Config config) {
  std::unique_ptr<App> app(new App());
  app->config_ = std::move(config);
  SLIPWAY_RETURN_IF_ERROR(app->Init());
  return app;
}

absl::Status App::Init() {
  if (sodium_init() < 0) return absl::InternalError("libsodium can't be used");
  SLIPWAY_ASSIGN_OR_RETURN(signer_, LoadSigner(config_.assertion_key_file));
  SLIPWAY_ASSIGN_OR_RETURN(service_tokens_, ServiceTokens::Load(config_.service_tokens_dir));
  service::Runtime::Options options;
  options.name = "auth";
  options.config = config_.common;
  options.migrations = {{"auth", migrations::kFiles}};
  // Auth asks nobody: it verifies with its own key, exchanges and audits in its own database.
  options.fetch_keys = [this]() -> absl::StatusOr<std::vector<std::string>> {
    return std::vector<std::string>{signer_->public_key()};
  };
  options.exchange = [this](const std::string& token,
                            absl::Time deadline) -> absl::StatusOr<std::string> {
    SLIPWAY_ASSIGN_OR_RETURN(const auto response, identity_->Exchange(token, deadline));
    return response.assertion();
  };
  options.audit_append = [this](const std::vector<slipway::auth::v1::AuditEntry>& entries) {
    People* const people = audit_target_.load();
    if (people == nullptr) return absl::UnavailableError("starting");
    return people->AppendAudit(entries, absl::Now() + absl::Seconds(5));
  };
  SLIPWAY_ASSIGN_OR_RETURN(runtime_, service::Runtime::Create(std::move(options)));
  identity_ = std::make_unique<Identity>(
      Identity::Parts{runtime_->pool(), runtime_->clock(), *signer_, *service_tokens_, passwords_});
  people_ = std::make_unique<People>(
      People::Parts{runtime_->pool(), runtime_->clock(), passwords_, runtime_->audit()});
  audit_target_ = people_.get();
  SLIPWAY_RETURN_IF_ERROR(
      identity_->CreateAdministrator(config_.admin_password_file, absl::Now() + absl::Seconds(10)));
  api_ = std::make_unique<AuthApi>(
      AuthApi::Parts{runtime_->gate(), *identity_, *people_, runtime_->audit(), *signer_});
  return runtime_->Serve({api_.get()},
                         {slipway::auth::v1::User::GetDescriptor()->file()->service(0)});
}

void App::Run() {
  runtime_->WaitForSignal();
  runtime_->Shutdown();
}

}  // namespace slipway::auth
