#include "services/runner/job/job_executor.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/rpc/timestamp.h"
#include "services/runner/errors.h"
#include "services/runner/image/build_files.h"
#include "services/runner/job/expand.h"
#include "services/runner/job/job_variables.h"
#include "services/runner/spool/back_off.h"

namespace slipway::runner {
namespace {

using build::v1::State;
using process::ProcessResult;

// How long a git host that can't be reached is waited for: it may be restarting.
constexpr absl::Duration kServerAway = absl::Seconds(20);

std::string Seconds(absl::Duration duration) {
  return std::string(absl::FormatDuration(absl::Trunc(duration, absl::Milliseconds(1))));
}

bool IsLoopback(const std::string& host) {
  return host.rfind("127.", 0) == 0 || host.rfind("localhost:", 0) == 0 || host == "localhost" ||
         host.rfind("[::1]", 0) == 0;
}

// netrc(5) of curl and git: the host without its port.
std::string Netrc(const build::v1::JobCredential& credential) {
  return "machine " + credential.host().substr(0, credential.host().rfind(':')) + " login " +
         credential.username() + " password " + credential.password() + "\n";
}

}  // namespace

JobExecutor::JobExecutor(const JobTools& tools, const build::v1::Lease& lease, std::string folder,
                         Courier& courier)
    : tools_(tools),
      lease_(lease),
      folder_(std::move(folder)),
      workspace_(folder_ + "/workspace"),
      courier_(courier),
      texts_(JobSecrets(lease)),
      cgroup_(tools.sandbox.cgroups(), CgroupName(folder_), tools.limits),
      deadline_(absl::Now() + JobTimeout(lease.job())),
      env_(JobEnvironment(lease)) {
  for (const plan::v1::Step& step : lease.job().steps()) {
    build::v1::Step state;
    state.set_name(step.name());
    state.set_stage(step.stage());
    state.set_state(State::PENDING);
    states_.push_back(std::move(state));
  }
}

build::v1::CompleteJobRequest JobExecutor::Run(std::stop_token stop) {
  absl::Status status = CheckOutSources(stop);
  if (status.ok()) status = RunSteps(stop);
  build::v1::CompleteJobRequest result;
  *result.mutable_key() = lease_.key();
  if (stop.stop_requested()) {
    result.set_state(State::CANCELLED);
    result.set_reason("cancelled");
  } else if (status.ok()) {
    result.set_state(State::SUCCEEDED);
  } else {
    result.set_state(State::FAILED);
    result.set_reason(MaskAll(texts_, MessageOf(status)));
  }
  for (build::v1::Step& state : states_) {
    if (state.state() == State::PENDING) state.set_state(State::SKIPPED);
    *result.add_steps() = state;
  }
  if (image_) *result.mutable_image() = *image_;
  result.set_log_size(courier_.log_size());
  return result;
}

absl::StatusOr<CheckedOut> JobExecutor::CheckOut(const git::GitRemote& remote,
                                                 const plan::v1::Source& source, StepLog& log,
                                                 std::stop_token stop) {
  std::mutex mu;
  std::condition_variable_any stopped;
  const absl::Time give_up = std::min(absl::Now() + kServerAway, deadline_);
  BackOff back_off;
  bool said = false;
  for (;;) {
    absl::StatusOr<CheckedOut> out =
        tools_.checkout.Run(remote, source.commit(), workspace_,
                            source.checkout_path().empty() ? "." : source.checkout_path());
    if (!absl::IsUnavailable(out.status()) || absl::Now() > give_up || stop.stop_requested())
      return out;
    if (!said) log.Say(MessageOf(out.status()) + "; it is tried again");
    said = true;
    std::unique_lock lock(mu);
    stopped.wait_for(lock, stop, absl::ToChronoMilliseconds(back_off.Next()), [] { return false; });
  }
}

absl::Status JobExecutor::CheckOutSources(std::stop_token stop) {
  SLIPWAY_RETURN_IF_ERROR(MakeDirectories(workspace_));
  StepLog log(courier_, texts_, "", tools_.max_log_bytes);
  if (!cgroup_.missing().empty()) {
    log.Say("this machine can't hold the limits for " + Join(cgroup_.missing(), ", "));
  }
  for (const plan::v1::Source& source : lease_.sources()) {
    git::GitRemote remote;
    remote.url = source.url();
    if (const auto found = lease_.git_credentials().find(source.account());
        found != lease_.git_credentials().end()) {
      remote.username = found->second.username();
      remote.password = found->second.password();
    }
    const absl::Time start = absl::Now();
    const absl::StatusOr<CheckedOut> out = CheckOut(remote, source, log, stop);
    if (!out.ok()) {
      log.Say("checkout of " + source.url() + " failed: " + MessageOf(out.status()));
      return absl::Status(out.status().code(), "checkout failed: " + MessageOf(out.status()));
    }
    source_folders_[source.name()] = out->folder;
    mirror_objects_.push_back(out->objects);
    mirrors_.push_back(out->mirror);
    log.Say("checked out " + source.commit().substr(0, 12) + " of " + source.url() + " in " +
            Seconds(absl::Now() - start));
  }
  return absl::OkStatus();
}

absl::Status JobExecutor::RunSteps(std::stop_token stop) {
  for (int i = 0; i < lease_.job().steps_size(); ++i) {
    const plan::v1::Step& step = lease_.job().steps(i);
    build::v1::Step& state = states_[static_cast<size_t>(i)];
    if (stop.stop_requested()) return absl::CancelledError("cancelled");
    Begin(state);
    StepLog log(courier_, texts_, step.name(), tools_.max_log_bytes);
    StepEnd end = RunStep(step, log, stop);
    log.Flush();
    const bool cancelled = stop.stop_requested();
    if (!end.status.ok()) log.Say(cancelled ? "cancelled" : MessageOf(end.status));
    End(state, end, cancelled);
    if (!end.status.ok()) {
      return absl::Status(end.status.code(),
                          "step \"" + step.name() + "\" failed: " + MessageOf(end.status));
    }
  }
  return absl::OkStatus();
}

void JobExecutor::Begin(build::v1::Step& state) {
  state.set_state(State::RUNNING);
  *state.mutable_start_time() = rpc::ToTimestamp(absl::Now());
  state.set_log_begin(courier_.log_size());
  state.set_log_end(state.log_begin());
  courier_.Report(state);
}

void JobExecutor::End(build::v1::Step& state, const StepEnd& end, bool cancelled) {
  state.set_state(cancelled         ? State::CANCELLED
                  : end.status.ok() ? State::SUCCEEDED
                                    : State::FAILED);
  if (!end.status.ok())
    state.set_reason(cancelled ? "cancelled" : MaskAll(texts_, MessageOf(end.status)));
  if (end.exit_code) state.set_exit_code(*end.exit_code);
  *state.mutable_end_time() = rpc::ToTimestamp(absl::Now());
  state.set_log_end(courier_.log_size());
  courier_.Report(state);
}

absl::Duration JobExecutor::TimeLeft() const {
  return std::max(deadline_ - absl::Now(), absl::Milliseconds(1));
}

absl::StatusOr<std::map<std::string, std::string>> JobExecutor::StepEnvironment(
    const plan::v1::Step& step) const {
  std::map<std::string, std::string> env = env_;
  env["SLIPWAY_STEP"] = step.name();
  env["SLIPWAY_STAGE"] = step.stage();
  const std::map<std::string, std::string> known = env;
  for (const auto& [name, text] : step.inputs()) {
    absl::StatusOr<std::string> value = Expand(text, known);
    if (!value.ok()) return JobUnsupported("input " + name + ": " + MessageOf(value.status()));
    env[name] = *std::move(value);
  }
  return env;
}

JobExecutor::StepEnd JobExecutor::RunStep(const plan::v1::Step& step, StepLog& log,
                                          std::stop_token stop) {
  absl::StatusOr<std::map<std::string, std::string>> env = StepEnvironment(step);
  if (!env.ok()) return {env.status(), {}};
  absl::Duration timeout = TimeLeft();
  if (step.has_timeout() && rpc::FromDuration(step.timeout()) > absl::ZeroDuration()) {
    timeout = std::min(timeout, rpc::FromDuration(step.timeout()));
  }
  switch (step.action_case()) {
    case plan::v1::Step::kShell:
      return RunShell(step, *std::move(env), timeout, log, stop);
    case plan::v1::Step::kImage:
      return RunImage(step, *env, timeout, log, stop);
    default:
      return {JobUnsupported("this runner does not know what the step does: update it"), {}};
  }
}

JobExecutor::StepEnd JobExecutor::RunShell(const plan::v1::Step& step,
                                           std::map<std::string, std::string> env,
                                           absl::Duration timeout, StepLog& log,
                                           std::stop_token stop) {
  SandboxCommand command;
  command.script = step.shell().script();
  command.env = std::move(env);
  command.workspace = workspace_;
  command.read_only = mirror_objects_;
  command.timeout = timeout;
  if (step.registry_login()) AddRegistryLogin(command);
  const absl::StatusOr<ProcessResult> result = tools_.sandbox.Run(
      command, cgroup_, [&log](std::string_view chunk) { log.Write(chunk); }, stop);
  if (!result.ok()) return {result.status(), {}};
  switch (result->ending) {
    case ProcessResult::Ending::kExited:
      if (result->exit_code == 0) return {absl::OkStatus(), 0};
      if (cgroup_.MemoryLimitHit()) {
        return {absl::ResourceExhaustedError("it needed more memory than a job may have here (" +
                                             std::to_string(tools_.limits.memory_bytes >> 20) +
                                             " MiB); make it smaller, or have the runner's "
                                             "--job-memory raised"),
                result->exit_code};
      }
      return {absl::FailedPreconditionError("exit code " + std::to_string(result->exit_code) +
                                            "; its log says why"),
              result->exit_code};
    case ProcessResult::Ending::kTimedOut:
      return {absl::DeadlineExceededError("it took longer than its limit of " + Seconds(timeout) +
                                          "; raise the limit or make the step shorter"),
              {}};
    default:
      return {absl::FailedPreconditionError(result->Describe()), {}};
  }
}

const build::v1::JobCredential* JobExecutor::RegistryCredential(const std::string& registry) const {
  const auto& all = lease_.registry_credentials();
  for (const std::string& name :
       {registry, "registries/" + registry, registry.substr(registry.rfind('/') + 1)}) {
    if (const auto found = all.find(name); found != all.end()) return &found->second;
  }
  return nullptr;
}

void JobExecutor::AddRegistryLogin(SandboxCommand& command) const {
  std::vector<const build::v1::JobCredential*> wanted;
  for (const plan::v1::Step& step : lease_.job().steps()) {
    if (!step.has_image()) continue;
    if (const auto* credential = RegistryCredential(step.image().registry()))
      wanted.push_back(credential);
  }
  std::string netrc;
  std::vector<RegistryLogin> logins;
  for (const build::v1::JobCredential* credential : wanted) {
    netrc += Netrc(*credential);
    logins.push_back({credential->host(), credential->username(), credential->password(),
                      credential->insecure()});
  }
  const std::string folder = Join({kPrivatePath, "registry"}, "/");
  command.files.push_back({"registry/netrc", netrc});
  command.files.push_back({"registry/config.json", AuthFile(logins)});
  command.env["SLIPWAY_REGISTRY_AUTH"] = folder + "/netrc";
  command.env["DOCKER_CONFIG"] = folder;
  command.env["REGISTRY_AUTH_FILE"] = folder + "/config.json";
}

absl::StatusOr<ImageRequest> JobExecutor::MakeImageRequest(
    const plan::v1::ImageBuild& image, const std::map<std::string, std::string>& env) {
  ImageRequest request;
  const plan::v1::Source* source = lease_.sources().empty() ? nullptr : &lease_.sources(0);
  for (const plan::v1::Source& one : lease_.sources()) {
    if (!image.source().empty() && one.name() == image.source()) source = &one;
  }
  if (source == nullptr) return JobUnsupported("an image needs a source");
  request.checkout = source_folders_[source->name()];
  request.dockerfile = image.dockerfile().empty() ? "Dockerfile" : image.dockerfile();
  request.context = image.context().empty() ? "." : image.context();
  for (const auto& [name, text] : image.args()) {
    absl::StatusOr<std::string> value = Expand(text, env);
    if (!value.ok())
      return JobUnsupported("build argument " + name + ": " + MessageOf(value.status()));
    if (MaskAll(texts_, *value) != *value) {
      return JobUnsupported("build argument " + name +
                            " holds a secret, which would stand in the image's history");
    }
    request.args[name] = *std::move(value);
  }
  request.registry_host = image.registry_host();
  request.repository = image.repository();
  request.tag = lease_.image_tag().empty()
                    ? source->commit().substr(0, 12) + "-" + ParseJobName(lease_.key().job()).run
                    : lease_.image_tag();
  const build::v1::JobCredential* credential = RegistryCredential(image.registry());
  request.insecure = image.insecure() || IsLoopback(image.registry_host()) ||
                     (credential != nullptr && credential->insecure());
  request.ignore_cache = image.ignore_cache();
  request.timestamp = absl::FromUnixSeconds(source->commit_time().seconds());
  for (const auto& [name, one] : lease_.registry_credentials()) {
    request.logins.push_back({one.host(), one.username(), one.password(), one.insecure()});
  }
  request.private_folder = folder_ + "/image";
  return request;
}

JobExecutor::StepEnd JobExecutor::RunImage(const plan::v1::Step& step,
                                           const std::map<std::string, std::string>& env,
                                           absl::Duration timeout, StepLog& log,
                                           std::stop_token stop) {
  absl::StatusOr<ImageRequest> request = MakeImageRequest(step.image(), env);
  if (!request.ok()) return {request.status(), {}};
  request->timeout = timeout;
  if (absl::Status made = MakeDirectories(request->private_folder); !made.ok()) return {made, {}};
  const absl::StatusOr<std::string> digest = tools_.images.BuildAndPush(
      *request, cgroup_, [&log](std::string_view chunk) { log.Write(chunk); }, stop);
  RemoveAll(request->private_folder).IgnoreError();
  if (!digest.ok()) return {digest.status(), {}};
  log.Flush();
  build::v1::BuiltImage image;
  image.set_step(step.name());
  image.set_repository(request->registry_host + "/" + request->repository);
  image.set_tag(request->tag);
  image.set_digest(*digest);
  env_["DOCKER_IMAGE"] = image.repository() + "@" + *digest;
  env_["DOCKER_IMAGE_DIGEST"] = *digest;
  env_["DOCKER_IMAGE_TAG"] = request->tag;
  log.Say("pushed " + image.repository() + ":" + request->tag + " as " + *digest);
  image_ = std::move(image);
  return {absl::OkStatus(), 0};
}

}  // namespace slipway::runner
