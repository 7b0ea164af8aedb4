#include "services/gitops/target/local/pod_manifest.h"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <set>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/json/json.h"
#include "libs/yaml/parser.h"
#include "services/gitops/domain/errors.h"

namespace slipway::gitops::local {
namespace {

// What a pod and its containers may say. Everything else would reach past the container or be
// ignored silently.
const std::set<std::string> kPodFields = {"containers", "restartPolicy",
                                          "terminationGracePeriodSeconds"};
const std::set<std::string> kContainerFields = {
    "name",  "image",          "imagePullPolicy", "command",      "args",      "env",
    "ports", "readinessProbe", "livenessProbe",   "startupProbe", "resources", "workingDir"};
const std::set<std::string> kPassedOn = {"name", "image",     "command",   "args",
                                         "env",  "resources", "workingDir"};

absl::Status CheckFields(const boost::json::object& object, const std::set<std::string>& allowed,
                         const std::string& file, const std::string& path) {
  for (const auto& field : object) {
    if (allowed.count(std::string(field.key())) == 0) {
      return ManifestRefused(
          file, path + "." + std::string(field.key()) + " is not supported on this machine");
    }
  }
  return absl::OkStatus();
}

// The one Deployment of the folder.
absl::StatusOr<boost::json::value> FindDeployment(const DesiredState& desired, std::string& file) {
  std::optional<boost::json::value> found;
  for (const Manifest& manifest : desired.manifests) {
    const std::string& name = manifest.file;
    const bool yaml = name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json");
    if (!yaml) continue;
    const auto documents = yaml::Parse(manifest.text);
    if (!documents.ok()) return ManifestRefused(name, MessageOf(documents.status()));
    for (const yaml::Document& parsed : *documents) {
      boost::json::value document = parsed.ToJson();
      const std::string kind = json::GetString(document, "kind").value_or("");
      if (kind == "Service") continue;
      if (kind != "Deployment" || json::GetString(document, "apiVersion") != "apps/v1") {
        return ManifestRefused(
            name,
            "kind \"" + kind + "\" does not run on this machine; only apps/v1 Deployment does");
      }
      if (found)
        return ManifestRefused(name, "a second Deployment in the folder " + desired.where.Folder());
      found = std::move(document);
      file = name;
    }
  }
  if (!found)
    return ManifestRefused(desired.where.Folder(), "there is no Deployment in the folder");
  return *std::move(found);
}

boost::json::object BuildContainer(const boost::json::object& from) {
  boost::json::object container;
  for (const auto& field : from) {
    if (kPassedOn.count(std::string(field.key())) > 0) container[field.key()] = field.value();
  }
  container["imagePullPolicy"] = "Never";  // pulled before, by digest and with the right credential
  return container;
}

absl::Status ReadProbe(const boost::json::value& container, const std::string& file,
                       PodManifest& pod) {
  const boost::json::value* probe = json::Find(container, "readinessProbe");
  if (probe == nullptr || probe->is_null()) return absl::OkStatus();
  const bool http = json::Find(*probe, "httpGet") != nullptr;
  const std::string kind = http ? "httpGet" : "tcpSocket";
  if (json::Find(*probe, kind) == nullptr) {
    return ManifestRefused(
        file, "readinessProbe: only httpGet and tcpSocket are supported on this machine");
  }
  const auto port = json::GetInt(*probe, kind + ".port");
  if (!port || *port != pod.port) {
    return ManifestRefused(
        file, "readinessProbe." + kind + ".port must be the number of the container's first port");
  }
  if (http) pod.health_path = json::GetString(*probe, "httpGet.path").value_or("/");
  return absl::OkStatus();
}

}  // namespace

std::string PodName(const AppEnvironment& where) {
  const std::string unique = Sha256Hex(where.Folder()).substr(0, 8);
  return where.app.substr(0, 40) + "-" + where.environment.substr(0, 40) + "-" + unique;
}

absl::StatusOr<PodManifest> BuildPod(const DesiredState& desired, const std::string& owner,
                                     int host_port) {
  std::string file;
  SLIPWAY_ASSIGN_OR_RETURN(const boost::json::value deployment, FindDeployment(desired, file));
  const boost::json::object* pod_spec = json::GetObject(deployment, "spec.template.spec");
  if (pod_spec == nullptr) return ManifestRefused(file, "spec.template.spec is missing");
  SLIPWAY_RETURN_IF_ERROR(CheckFields(*pod_spec, kPodFields, file, "spec.template.spec"));
  const boost::json::array* containers =
      json::GetArray(deployment, "spec.template.spec.containers");
  if (containers == nullptr || containers->empty()) {
    return ManifestRefused(file, "spec.template.spec.containers is missing");
  }
  PodManifest pod{.pod = PodName(desired.where)};
  boost::json::array built;
  for (const boost::json::value& container : *containers) {
    const std::string path = "spec.template.spec.containers[" + std::to_string(built.size()) + "]";
    const auto name = json::GetString(container, "name");
    const auto image = json::GetString(container, "image");
    if (!name || !image) return ManifestRefused(file, path + " needs name and image");
    SLIPWAY_RETURN_IF_ERROR(CheckFields(container.as_object(), kContainerFields, file, path));
    pod.images.push_back(*image);
    boost::json::object one = BuildContainer(container.as_object());
    if (built.empty()) {
      pod.container = pod.pod + "-" + *name;
      pod.port = static_cast<int>(json::GetInt(container, "ports[0].containerPort").value_or(0));
      if (pod.port > 0) {
        one["ports"] = boost::json::array{
            {{"containerPort", pod.port}, {"hostPort", host_port}, {"hostIP", "127.0.0.1"}}};
      }
      SLIPWAY_RETURN_IF_ERROR(ReadProbe(container, file, pod));
    }
    built.push_back(std::move(one));
  }
  const int64_t replicas = json::GetInt(deployment, "spec.replicas").value_or(1);
  if (replicas != 1) {
    pod.notes.push_back("this machine runs 1 replica; " + std::to_string(replicas) +
                        " are asked for");
  }
  if (json::GetString(deployment, "spec.strategy.type").value_or("RollingUpdate") != "Recreate") {
    pod.notes.push_back(
        "this machine replaces the running version at once; the rolling strategy is for clusters");
  }
  // gitops watches and restarts, the same way on every machine; podman's own restarts depend on its
  // version.
  const boost::json::object spec = {{"restartPolicy", "Never"}, {"containers", built}};
  pod.spec = Sha256Hex(json::Canonical(spec)).substr(0, 32);
  const boost::json::object document = {{"apiVersion", "v1"},
                                        {"kind", "Pod"},
                                        {"metadata",
                                         {{"name", pod.pod},
                                          {"labels",
                                           {{kOwnerLabel, owner},
                                            {kProjectLabel, desired.where.project},
                                            {kAppLabel, desired.where.app},
                                            {kEnvironmentLabel, desired.where.environment},
                                            {kSpecLabel, pod.spec},
                                            {kCommitLabel, desired.commit},
                                            {kTreeLabel, desired.tree}}}}},
                                        {"spec", spec}};
  pod.text = boost::json::serialize(document);
  return pod;
}

}  // namespace slipway::gitops::local
