#include "services/build/engine/runner_commands.h"

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/id.h"
#include "libs/base/status.h"
#include "libs/log/log.h"
#include "libs/rpc/paging.h"
#include "services/build/domain/errors.h"
#include "services/build/domain/messages.h"
#include "services/build/store/runner_store.h"

namespace slipway::build {
namespace {

absl::StatusOr<std::string> IdOf(const std::string& name) {
  const auto id = ParseRunnerName(name);
  if (!id) return InvalidField("name", "is not of the form runners/R");
  return *id;
}

absl::Status CheckSpec(const v1::RunnerSpec& spec) {
  constexpr size_t kMaxDescription = 4096;
  if (spec.description().size() > kMaxDescription)
    return InvalidField("spec.description", "is longer than 4096 bytes");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::Runner> RunnerCommands::Create(const v1::CreateRunnerRequest& request,
                                                  const CallScope& scope) {
  RunnerRecord runner;
  runner.name = request.runner_id().empty() ? "runner-" + RandomHex(4) : request.runner_id();
  SLIPWAY_RETURN_IF_ERROR(ValidateSlug(runner.name, "runner_id"));
  SLIPWAY_RETURN_IF_ERROR(CheckSpec(request.runner().spec()));
  runner.description = request.runner().spec().description();
  runner.paused = request.runner().spec().paused();
  SLIPWAY_ASSIGN_OR_RETURN(runner, db::RunTx(core_.pool, "runners.create", scope.deadline,
                                             [&](db::Tx& tx) { return InsertRunner(tx, runner); }));
  auto token = auth_.CreateRunnerToken(runner.name, scope);
  if (!token.ok()) {
    // Without its token the runner is of no use to anybody.
    const absl::Status undone =
        db::RunTx(core_.pool, "runners.undo", absl::Now() + absl::Seconds(5),
                  [&](db::Tx& tx) { return DeleteRunner(tx, runner.name); });
    if (!undone.ok())
      log::Warn("runner.undo_failed", "a runner without token is left", {{"runner", runner.name}});
    return token.status();
  }
  v1::Runner message = RunnerMessage(runner, false);
  message.mutable_status()->set_token(*std::move(token));
  return message;
}

absl::StatusOr<v1::Runner> RunnerCommands::Get(const std::string& name, absl::Time deadline) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::string id, IdOf(name));
  SLIPWAY_ASSIGN_OR_RETURN(const RunnerRecord runner,
                           db::RunTx(core_.pool, "runners.read", deadline,
                                     [&](db::Tx& tx) { return GetRunner(tx, id); }));
  return RunnerMessage(runner, core_.hub.Online(id));
}

absl::StatusOr<v1::ListRunnersResponse> RunnerCommands::List(const v1::ListRunnersRequest& request,
                                                             absl::Time deadline) {
  SLIPWAY_ASSIGN_OR_RETURN(const int size, rpc::PageSize(request.page_size(), 100, 1000));
  SLIPWAY_ASSIGN_OR_RETURN(const std::string after,
                           rpc::ReadPageToken("runners", request.page_token()));
  SLIPWAY_ASSIGN_OR_RETURN(const std::vector<RunnerRecord> runners,
                           db::RunTx(core_.pool, "runners.read_all", deadline,
                                     [&](db::Tx& tx) { return ListRunners(tx, after, size + 1); }));
  v1::ListRunnersResponse response;
  for (const RunnerRecord& runner : runners) {
    if (response.runners_size() == size) {
      const std::string last = runners[static_cast<size_t>(size) - 1].name;
      response.set_next_page_token(rpc::PageToken("runners", last));
      break;
    }
    *response.add_runners() = RunnerMessage(runner, core_.hub.Online(runner.name));
  }
  return response;
}

absl::StatusOr<v1::Runner> RunnerCommands::Update(const v1::Runner& runner, absl::Time deadline) {
  RunnerRecord wanted;
  SLIPWAY_ASSIGN_OR_RETURN(wanted.name, IdOf(runner.name()));
  SLIPWAY_RETURN_IF_ERROR(CheckSpec(runner.spec()));
  wanted.description = runner.spec().description();
  wanted.paused = runner.spec().paused();
  SLIPWAY_ASSIGN_OR_RETURN(const RunnerRecord updated,
                           db::RunTx(core_.pool, "runners.change", deadline,
                                     [&](db::Tx& tx) { return UpdateRunner(tx, wanted); }));
  core_.on_ready();
  return RunnerMessage(updated, core_.hub.Online(updated.name));
}

absl::Status RunnerCommands::Delete(const std::string& name, const CallScope& scope) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::string id, IdOf(name));
  SLIPWAY_RETURN_IF_ERROR(db::RunTx(core_.pool, "runners.exists", scope.deadline, [&](db::Tx& tx) {
                            return GetRunner(tx, id);
                          }).status());
  // First the tokens: a runner that connects again would have its row made again.
  SLIPWAY_RETURN_IF_ERROR(auth_.DeleteRunnerTokens(id, scope));
  return sessions_.Remove(id, scope.deadline);
}

}  // namespace slipway::build
