#include "services/pipeline/domain/validate.h"

#include <algorithm>

#include "libs/base/id.h"
#include "libs/base/strings.h"
#include "services/pipeline/domain/fields.h"
#include "services/pipeline/domain/kind.h"

namespace slipway::pipeline {
namespace {

template <typename M>
const auto& SpecOf(const google::protobuf::Message& resource) {
  return static_cast<const M&>(resource).spec();
}

bool Contains(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

void AddProblem(const std::string& field, const std::string& problem, Violations* violations) {
  if (!problem.empty()) violations->Add(field, problem);
}

void CheckLength(const std::string& field, const std::string& text, size_t limit,
                 Violations* violations) {
  if (text.size() > limit)
    violations->Add(field, "is longer than " + std::to_string(limit) + " bytes");
}

// One of the three ways to sign in. The kubeconfig itself is read where it is used, by gitops.
void ValidateKubernetes(const v1::KubernetesTarget& spec, Violations* violations) {
  const std::string path = "spec.kubernetes";
  const bool kubeconfig = !spec.kubeconfig().value().empty();
  const bool server = !spec.server().empty();
  const auto refuse = [&](const char* field, bool given, const char* why) {
    if (given) violations->Add(path + field, why);
  };
  if (spec.in_cluster()) {
    constexpr char kWhy[] = "is not for inCluster, which signs in as Slipway's own pod";
    refuse(".kubeconfig", kubeconfig, kWhy);
    refuse(".context", !spec.context().empty(), kWhy);
    refuse(".server", server, kWhy);
    refuse(".ca", !spec.ca().empty(), kWhy);
    refuse(".token", !spec.token().value().empty(), kWhy);
  } else if (server) {
    AddProblem(path + ".server", UrlProblem(spec.server()), violations);
    refuse(".kubeconfig", kubeconfig, "give either a kubeconfig, or server and token");
    refuse(".context", !spec.context().empty(), "is for a kubeconfig");
  } else {
    refuse(".ca", !spec.ca().empty(), "is for server and token; a kubeconfig has its own");
    refuse(".token", !spec.token().value().empty(), "is for a server: give spec.kubernetes.server");
  }
  if (!spec.ca().empty() && spec.ca().find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
    violations->Add(path + ".ca", "must be certificates in PEM: -----BEGIN CERTIFICATE-----");
  }
  CheckLength(path + ".ca", spec.ca(), 256 << 10, violations);
  CheckLength(path + ".context", spec.context(), 256, violations);
  CheckLength(path + ".kubeconfig", spec.kubeconfig().value(), 256 << 10, violations);
  CheckLength(path + ".token", spec.token().value(), kMaxVariableValue, violations);
  ValidateHealthRules(spec, path, violations);
}

void ValidateCluster(const v1::ClusterSpec& spec, Violations* violations) {
  if (spec.target_case() == v1::ClusterSpec::TARGET_NOT_SET) {
    violations->Add("spec.local",
                    "say where the cluster is: \"local: {}\" is this machine, \"kubernetes: "
                    "{kubeconfig: {fromFile: PATH}}\" another one");
  }
  if (spec.has_kubernetes()) ValidateKubernetes(spec.kubernetes(), violations);
}

void ValidateEnvironment(const v1::EnvironmentSpec& spec, const KnownIds& known,
                         Violations* violations) {
  if (spec.cluster().empty()) {
    violations->Add("spec.cluster", "name the cluster" +
                                        (known.clusters.empty()
                                             ? "; there is none yet: create one first"
                                             : ", for example \"" + known.clusters.front() + "\""));
  } else if (!Contains(known.clusters, spec.cluster())) {
    violations->Add("spec.cluster", NoSuch("cluster", spec.cluster(), known.clusters));
  }
  if (!spec.namespace_().empty() && !ValidateSlug(spec.namespace_(), "").ok()) {
    violations->Add(
        "spec.namespace",
        "must be 1 to 63 of a-z, 0-9 and '-', start with a letter and not end with '-'");
  }
  if (spec.has_deploy()) ValidateDeploySpec(spec.deploy(), "spec.deploy", violations);
}

void ValidateRegistry(const v1::RegistrySpec& spec, Violations* violations) {
  if (const auto address = ParseRegistryUrl(spec.url(), "spec.url"); !address.ok()) {
    violations->Add("spec.url", DetailsOf(address.status()).field_violations[0].description);
  }
  CheckLength("spec.username", spec.username(), 256, violations);
  CheckLength("spec.password", spec.password().value(), kMaxVariableValue, violations);
}

void ValidateGitAccount(const v1::GitAccountSpec& spec, Violations* violations) {
  AddProblem("spec.host", HostProblem(spec.host()), violations);
  CheckLength("spec.username", spec.username(), 256, violations);
  CheckLength("spec.token", spec.token().value(), kMaxVariableValue, violations);
}

// Steps read their variables line by line in places, and the environment of a process ends at a
// NUL.
void CheckValue(const std::string& field, const std::string& value, Violations* violations) {
  CheckLength(field, value, kMaxVariableValue, violations);
  if (value.find('\0') != std::string::npos) violations->Add(field, "may not contain a NUL byte");
}

}  // namespace

void ValidateVariables(const google::protobuf::Map<std::string, std::string>& variables,
                       const std::string& path, Violations* violations) {
  if (variables.size() > kMaxVariables) {
    return violations->Add(
        path, "has more than " + std::to_string(kMaxVariables) + " entries; put them into a file");
  }
  for (const auto& [name, value] : variables) {
    const std::string problem = EnvNameProblem(name);
    AddProblem(path, problem, violations);
    if (problem.empty()) CheckValue(path + "." + name, value, violations);
  }
}

void ValidateDeploySpec(const v1::DeploySpec& spec, const std::string& path,
                        Violations* violations) {
  if (spec.has_port() && (spec.port() < 1 || spec.port() > 65535)) {
    violations->Add(path + ".port", "must be 1 to 65535");
  }
  if (!spec.health_path().empty() &&
      (spec.health_path().front() != '/' || spec.health_path().size() > 1024 ||
       spec.health_path().find_first_of(" \r\n\t") != std::string::npos)) {
    violations->Add(path + ".healthPath",
                    "must start with '/' and have no spaces, at most 1024 bytes");
  }
  ValidateVariables(spec.env(), path + ".env", violations);
  if (!spec.resources().memory().empty()) {
    AddProblem(path + ".resources.memory", MemoryProblem(spec.resources().memory()), violations);
  }
  if (!spec.resources().cpu().empty())
    AddProblem(path + ".resources.cpu", CpuProblem(spec.resources().cpu()), violations);
  if (spec.has_replicas() && (spec.replicas() < 0 || spec.replicas() > 1000)) {
    violations->Add(path + ".replicas", "must be 0 to 1000");
  }
  ValidateSource(spec, path, violations);
  ValidateIgnoreDifferences(spec, path, violations);
}

void ValidateApp(const v1::AppSpec& spec, const ValidationInput& input, Violations* violations) {
  CheckLength("spec.description", spec.description(), kMaxDescription, violations);
  if (spec.repositories_size() > 1) {
    violations->Add("spec.repositories[1]",
                    "one repository now: an app is built from a single one; leave out the others");
  }
  for (int i = 0; i < std::min(spec.repositories_size(), 1); ++i) {
    const v1::Repository& repository = spec.repositories(i);
    const std::string path = "spec.repositories[" + std::to_string(i) + "]";
    if (!ValidateSlug(repository.name(), "").ok()) {
      violations->Add(
          path + ".name",
          "must be 1 to 63 of a-z, 0-9 and '-', start with a letter and not end with '-'");
    }
    const std::string url_problem = UrlProblem(repository.url());
    AddProblem(path + ".url", url_problem, violations);
    if (!repository.account().empty() &&
        !Contains(input.known.git_accounts, repository.account())) {
      violations->Add(path + ".account",
                      NoSuch("Git account", repository.account(), input.known.git_accounts));
    }
    if (!repository.checkout_path().empty()) {
      AddProblem(path + ".checkoutPath", PathProblem(repository.checkout_path()), violations);
    }
    if (repository.submodules()) {
      violations->Add(path + ".submodules",
                      "submodules are not fetched yet; leave it out or set it to false");
    }
  }
  if (spec.has_deploy()) ValidateDeploySpec(spec.deploy(), "spec.deploy", violations);
  ValidateSyncTargets(spec, input.known.environments, violations);
}

void Validate(const google::protobuf::Message& resource, const ValidationInput& input,
              Violations* violations) {
  switch (KindOf(resource)) {
    case Kind::kProject:
      return ValidateProject(SpecOf<v1::Project>(resource), violations);
    case Kind::kApp:
      return ValidateApp(SpecOf<v1::App>(resource), input, violations);
    case Kind::kCluster:
      return ValidateCluster(SpecOf<v1::Cluster>(resource), violations);
    case Kind::kEnvironment:
      return ValidateEnvironment(SpecOf<v1::Environment>(resource), input.known, violations);
    case Kind::kRegistry:
      return ValidateRegistry(SpecOf<v1::Registry>(resource), violations);
    case Kind::kGitAccount:
      return ValidateGitAccount(SpecOf<v1::GitAccount>(resource), violations);
    case Kind::kWorkflow:
      return ValidateWorkflow(SpecOf<v1::Workflow>(resource), input, violations);
    case Kind::kVariable:
      return CheckValue("spec.value", SpecOf<v1::Variable>(resource).value(), violations);
    case Kind::kSecret:
      return CheckValue("spec.value", SpecOf<v1::Secret>(resource).value().value(), violations);
  }
}

}  // namespace slipway::pipeline
