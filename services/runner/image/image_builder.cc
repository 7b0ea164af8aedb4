#include "services/runner/image/image_builder.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/log/log.h"
#include "services/runner/errors.h"
#include "services/runner/image/build_files.h"
#include "services/runner/image/tool_errors.h"

namespace slipway::runner {
namespace {

using process::OutputSink;
using process::ProcessResult;
using process::ProcessSpec;

std::string TaggedName(const ImageRequest& request) {
  return request.registry_host + "/" + request.repository + ":" + request.tag;
}

// Passes output on and keeps its end, in which the cause of a failure stands.
class OutputTail {
 public:
  explicit OutputTail(const Sandbox::Output& next) : next_(next) {}
  OutputSink Sink() {
    return OutputSink::Call([this](std::string_view chunk) {
      next_(chunk);
      text_ += chunk;
      if (text_.size() > 2 * kKept) text_.erase(0, text_.size() - kKept);
    });
  }
  const std::string& text() const { return text_; }

 private:
  static constexpr size_t kKept = 8192;
  const Sandbox::Output& next_;
  std::string text_;
};

ProcessSpec ToolSpec(const ImageRequest& request, const BuildFiles& files, absl::Time deadline,
                     OutputTail& tail) {
  ProcessSpec spec;
  spec.inherit = {"PATH"};
  spec.env = {{"HOME", request.private_folder},
              {"TMPDIR", request.private_folder},
              {"LC_ALL", "C.UTF-8"},
              {"CONTAINERS_REGISTRIES_CONF", files.registries}};
  spec.out = tail.Sink();
  spec.err = OutputSink::SameAsStdout();
  spec.timeout = std::max(deadline - absl::Now(), absl::Milliseconds(1));
  return spec;
}

}  // namespace

void ImageBuilder::Prepare(std::stop_token stop) {
  const absl::Status found = setup_.Facts(stop).status();
  if (!found.ok() && !stop.stop_requested()) log::Warn("image.setup", MessageOf(found));
}

absl::StatusOr<std::string> ImageBuilder::BuildAndPush(const ImageRequest& request,
                                                       const JobCgroup& cgroup,
                                                       const Sandbox::Output& output,
                                                       std::stop_token stop) {
  if (guard_ != nullptr) {
    const absl::Status allowed =
        guard_->CheckUrl((request.insecure ? "http://" : "https://") + request.registry_host + "/");
    if (!allowed.ok()) return ImagePushFailed(request.registry_host, MessageOf(allowed));
  }
  SLIPWAY_ASSIGN_OR_RETURN(const BuilderFacts facts, setup_.Facts(stop));
  SLIPWAY_ASSIGN_OR_RETURN(const BuildFiles files, PrepareBuildFiles(request));
  const absl::Time deadline = absl::Now() + request.timeout;
  if (storage_.BeingCleaned())
    output("[slipway] waiting until this runner has made room in its storage of images\n");
  const StorageGate::Pass pass = storage_.BeginBuild(TaggedName(request), stop);
  if (!pass.valid()) return absl::CancelledError("cancelled");
  SLIPWAY_RETURN_IF_ERROR(Build(request, files, facts, cgroup, deadline, output, stop));
  return Push(request, files, facts, cgroup, deadline, output, stop);
}

absl::Status ImageBuilder::Build(const ImageRequest& request, const BuildFiles& files,
                                 const BuilderFacts& facts, const JobCgroup& cgroup,
                                 absl::Time deadline, const Sandbox::Output& output,
                                 std::stop_token stop) {
  OutputTail tail(output);
  ProcessSpec spec = ToolSpec(request, files, deadline, tail);
  spec.argv = setup_.Command(facts);
  for (const std::string& word : BuilderSetup::BuildCommand(facts)) spec.argv.push_back(word);
  const auto add = [&spec](std::initializer_list<std::string> words) {
    spec.argv.insert(spec.argv.end(), words);
  };
  add({"--timestamp", std::to_string(absl::ToUnixSeconds(request.timestamp)), "--authfile",
       files.auth});
  // One layer for each instruction also without the cache: the same inputs give the same digest
  // either way.
  add({"--layers"});
  // Else the container of an instruction that failed stays on the disk.
  add({"--force-rm"});
  if (request.ignore_cache) add({"--no-cache"});
  for (const auto& [name, value] : request.args) add({"--build-arg", name + "=" + value});
  if (!files.ignorefile.empty()) add({"--ignorefile", files.ignorefile});
  add({"--tag", TaggedName(request), "--file", files.dockerfile, "--", files.context});
  SLIPWAY_ASSIGN_OR_RETURN(
      const ProcessResult result,
      sandbox_.RunTool(spec, {setup_.data(), request.private_folder, request.checkout}, cgroup,
                       stop));
  if (result.ok()) return absl::OkStatus();
  if (result.ending == ProcessResult::Ending::kTimedOut) return ImageTimedOut(request.timeout);
  return ImageBuildFailed(BuildFailureCause(tail.text(), result.Describe()));
}

absl::StatusOr<std::string> ImageBuilder::Push(const ImageRequest& request, const BuildFiles& files,
                                               const BuilderFacts& facts, const JobCgroup& cgroup,
                                               absl::Time deadline, const Sandbox::Output& output,
                                               std::stop_token stop) {
  OutputTail tail(output);
  ProcessSpec spec = ToolSpec(request, files, deadline, tail);
  const std::string digest_file = request.private_folder + "/digest";
  spec.argv = setup_.Command(facts);
  spec.argv.insert(spec.argv.end(), {"push", "--authfile", files.auth, "--digestfile", digest_file,
                                     request.insecure ? "--tls-verify=false" : "--tls-verify=true",
                                     "--", TaggedName(request), "docker://" + TaggedName(request)});
  SLIPWAY_ASSIGN_OR_RETURN(
      const ProcessResult result,
      sandbox_.RunTool(spec, {setup_.data(), request.private_folder}, cgroup, stop));
  if (result.ending == ProcessResult::Ending::kTimedOut) return ImageTimedOut(request.timeout);
  if (!result.ok()) {
    return ImagePushFailed(request.registry_host, PushFailureCause(tail.text(), result.Describe()));
  }
  SLIPWAY_ASSIGN_OR_RETURN(const std::string text, ReadFile(digest_file, 4096));
  const std::string digest(Trim(text));
  if (digest.rfind("sha256:", 0) != 0)
    return ImagePushFailed(request.registry_host, "it gave no digest");
  return digest;
}

}  // namespace slipway::runner
