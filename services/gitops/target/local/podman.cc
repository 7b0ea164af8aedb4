#include "services/gitops/target/local/podman.h"

#include <algorithm>
#include <boost/json.hpp>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/file.h"
#include "libs/base/id.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/json/json.h"
#include "libs/process/run.h"
#include "services/gitops/domain/errors.h"
#include "services/gitops/target/local/pod_cgroups.h"

namespace slipway::gitops::local {
namespace {

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// The last line of podman's message, without its "Error: ".
std::string LastLine(std::string_view text) {
  text = Trim(text);
  std::string_view line =
      text.substr(text.rfind('\n') == std::string_view::npos ? 0 : text.rfind('\n') + 1);
  if (line.substr(0, 7) == "Error: ") line.remove_prefix(7);
  return Truncate(ToValidUtf8(line), 500);
}

std::string HostOf(const std::string& image) { return image.substr(0, image.find('/')); }

absl::Status PullStatus(const std::string& image, const std::string& err) {
  const std::string text = ToLower(err);
  for (const char* word : {"unauthorized", "authentication required", "denied", "forbidden"}) {
    if (Contains(text, word)) return RegistryRefused(HostOf(image), image, LastLine(err));
  }
  for (const char* word : {"manifest unknown", "name unknown", "not found"}) {
    if (Contains(text, word)) return ImageMissing(image, LastLine(err));
  }
  for (const char* word : {"connection refused", "no such host", "timeout", "connection reset",
                           "eof", "network is unreachable", "503", "502"}) {
    if (Contains(text, word)) return RegistryUnreachable(HostOf(image), LastLine(err));
  }
  return PullFailed(image, LastLine(err));
}

}  // namespace

absl::StatusOr<Podman::Output> Podman::Run(std::vector<std::string> arguments,
                                           absl::Duration timeout, std::string input) const {
  process::ProcessSpec spec;
  spec.argv = {"podman"};
  spec.argv.insert(spec.argv.end(), std::make_move_iterator(arguments.begin()),
                   std::make_move_iterator(arguments.end()));
  spec.env = {{"LC_ALL", "C.UTF-8"}};
  if (!options_.containers_conf.empty()) spec.env["CONTAINERS_CONF"] = options_.containers_conf;
  if (!options_.storage_conf.empty()) spec.env["CONTAINERS_STORAGE_CONF"] = options_.storage_conf;
  if (!options_.registries_conf.empty())
    spec.env["CONTAINERS_REGISTRIES_CONF"] = options_.registries_conf;
  spec.stdin_data = std::move(input);
  spec.out = process::OutputSink::Capture(8 << 20);
  spec.err = process::OutputSink::Capture(64 << 10);
  spec.timeout = timeout;
  SLIPWAY_ASSIGN_OR_RETURN(process::ProcessResult result, process::Run(spec));
  if (result.ending == process::ProcessResult::Ending::kTimedOut) {
    return PodmanTimedOut(spec.argv.size() > 1 ? spec.argv[1] : "", result.elapsed);
  }
  return Output{result.ok(), std::move(result.out), std::move(result.err)};
}

void Podman::Sweep() const { RemoveAll(options_.work_dir).IgnoreError(); }

absl::StatusOr<std::vector<PodStatus>> Podman::List(const std::string& key,
                                                    const std::string& value) const {
  const std::string filter = "label=" + key + "=" + value;
  SLIPWAY_ASSIGN_OR_RETURN(
      const Output pods,
      Run({"pod", "ps", "--filter", filter, "--format", "json"}, options_.timeout));
  if (!pods.ok) return PodmanFailed("pod ps", LastLine(pods.err));
  SLIPWAY_ASSIGN_OR_RETURN(
      const Output containers,
      Run({"ps", "-a", "--filter", filter, "--format", "json"}, options_.timeout));
  if (!containers.ok) return PodmanFailed("ps", LastLine(containers.err));
  SLIPWAY_ASSIGN_OR_RETURN(const boost::json::value pod_list, json::Parse(pods.out));
  SLIPWAY_ASSIGN_OR_RETURN(const boost::json::value container_list, json::Parse(containers.out));
  std::vector<PodStatus> found;
  const boost::json::array* rows = json::GetArray(pod_list, "");
  for (const boost::json::value& row : rows != nullptr ? *rows : boost::json::array()) {
    PodStatus pod;
    pod.id = json::GetString(row, "Id").value_or("");
    pod.name = json::GetString(row, "Name").value_or("");
    if (const auto* labels = json::GetObject(row, "Labels")) {
      for (const auto& label : *labels) {
        if (label.value().is_string()) pod.labels.emplace(label.key(), label.value().as_string());
      }
    }
    const std::string infra = json::GetString(row, "InfraId").value_or("");
    if (const auto* members = json::GetArray(row, "Containers")) {
      for (const boost::json::value& member : *members) {
        if (json::GetString(member, "Id") == infra)
          pod.infra_state = json::GetString(member, "Status").value_or("");
      }
    }
    found.push_back(std::move(pod));
  }
  rows = json::GetArray(container_list, "");
  for (const boost::json::value& row : rows != nullptr ? *rows : boost::json::array()) {
    const std::string pod_id = json::GetString(row, "Pod").value_or("");
    const auto pod = std::find_if(found.begin(), found.end(),
                                  [&](const PodStatus& p) { return p.id == pod_id; });
    if (pod == found.end()) continue;
    pod->containers.push_back(
        {.id = json::GetString(row, "Id").value_or(""),
         .name = json::GetString(row, "Names[0]").value_or(""),
         .state = json::GetString(row, "State").value_or(""),
         .pid = static_cast<int>(json::GetInt(row, "Pid").value_or(0)),
         .exit_code = static_cast<int>(json::GetInt(row, "ExitCode").value_or(0)),
         .started = absl::FromUnixSeconds(json::GetInt(row, "StartedAt").value_or(0))});
  }
  return found;
}

absl::Status Podman::Pull(const std::string& image,
                          const std::vector<PullCredential>& credentials) const {
  SLIPWAY_ASSIGN_OR_RETURN(const Output exists, Run({"image", "exists", image}, options_.timeout));
  if (exists.ok) return absl::OkStatus();
  if (credentials.empty()) return PullWith(image, std::nullopt);
  // Several Registries may name one host, each with a user that sees other repositories: a refusal
  // by one says nothing about the next.
  absl::Status status;
  for (const PullCredential& credential : credentials) {
    status = PullWith(image, credential);
    if (DetailsOf(status).reason != "REGISTRY_REFUSED") return status;
  }
  return status;
}

absl::Status Podman::PullWith(const std::string& image,
                              const std::optional<PullCredential>& credential) const {
  boost::json::object auths;
  if (credential) {
    auths[credential->host] = {
        {"auth", Base64Encode(credential->username + ":" + credential->password)}};
  }
  SLIPWAY_RETURN_IF_ERROR(MakeDirectories(options_.work_dir));
  const std::string file = options_.work_dir + "/auth-" + RandomHex(8) + ".json";
  const boost::json::object content = {{"auths", auths}};
  SLIPWAY_RETURN_IF_ERROR(WriteFileAtomic(file, boost::json::serialize(content), 0600));
  absl::StatusOr<Output> pulled =
      Run({"pull", "--quiet", "--authfile", file, image}, options_.pull_timeout);
  RemoveAll(file).IgnoreError();
  SLIPWAY_RETURN_IF_ERROR(pulled.status());
  return pulled->ok ? absl::OkStatus() : PullStatus(image, pulled->err);
}

absl::Status Podman::Play(const std::string& manifest) const {
  SLIPWAY_ASSIGN_OR_RETURN(const Output played,
                           Run({"play", "kube", "--quiet", "-"}, options_.timeout, manifest));
  if (played.ok) return absl::OkStatus();
  if (Contains(played.err, "pod already exists") || Contains(played.err, "is already in use")) {
    return absl::AlreadyExistsError(LastLine(played.err));
  }
  const std::string text = ToLower(played.err);
  for (const char* word :
       {"quantit", "invalid", "unmarshal", "parsing", "not supported", "not found", "no such file",
        "permission denied", "must be", "minimum memory"}) {
    if (Contains(text, word)) return PlayRefused(LastLine(played.err));
  }
  return PodmanFailed("play kube", LastLine(played.err));
}

absl::Status Podman::RemovePod(const std::string& name) const {
  // Stopped first: `pod rm --force` of a running pod and the clean-up that conmon starts at the end
  // of its containers wait for each other, which takes 3.5 s more in about half of the removals
  // (podman 4.3). Whether it worked is seen by the removal.
  SLIPWAY_RETURN_IF_ERROR(
      Run({"pod", "stop", "--ignore", "--time", "0", name}, options_.timeout).status());
  SLIPWAY_ASSIGN_OR_RETURN(
      const Output removed,
      Run({"pod", "rm", "--ignore", "--force", "--time", "0", name}, options_.timeout));
  if (!removed.ok) return PodmanFailed("pod rm", LastLine(removed.err));
  RemovePodCgroups(removed.out);
  return absl::OkStatus();
}

absl::StatusOr<std::string> Podman::LastLog(const std::string& container, int lines) const {
  SLIPWAY_ASSIGN_OR_RETURN(
      const Output log,
      Run({"logs", "--tail", std::to_string(lines), container}, options_.timeout));
  return Truncate(ToValidUtf8(Trim(log.out + log.err)), 1000);
}

void Podman::RemoveUnusedImages(const std::string& repository) const {
  const auto listed =
      Run({"images", "--format", "json", "--filter", "reference=" + repository}, options_.timeout);
  if (!listed.ok() || !listed->ok) return;
  const auto rows = json::Parse(listed->out);
  if (!rows.ok()) return;
  const boost::json::array* array = json::GetArray(*rows, "");
  for (const boost::json::value& row : array != nullptr ? *array : boost::json::array()) {
    if (json::GetInt(row, "Containers").value_or(0) > 0) continue;
    // podman refuses for an image that a container uses.
    Run({"rmi", "--", json::GetString(row, "Id").value_or("")}, options_.timeout).IgnoreError();
  }
}

}  // namespace slipway::gitops::local
