#include "services/pipeline/engine/saver.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "libs/base/id.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/plan/compile.h"
#include "services/pipeline/domain/fields.h"
#include "services/pipeline/domain/references.h"
#include "services/pipeline/domain/repository_url.h"
#include "services/pipeline/engine/environment_repository.h"
#include "services/pipeline/engine/errors.h"
#include "services/pipeline/engine/resource_message.h"
#include "slipway/pipeline/v1/pipeline.pb.h"

namespace slipway::pipeline {
namespace {

using google::protobuf::Message;
using Pipelines = std::vector<store::DeploymentPipelineRow>;

constexpr char kDefaultRegistryClaim[] = "default-registry";

absl::StatusOr<KnownIds> LoadKnownIds(db::Tx& tx, Kind kind) {
  KnownIds known;
  switch (kind) {
    case Kind::kApp: {
      SLIPWAY_ASSIGN_OR_RETURN(known.git_accounts, store::ListActiveIds(tx, Kind::kGitAccount));
      SLIPWAY_ASSIGN_OR_RETURN(known.environments, store::ListActiveIds(tx, Kind::kEnvironment));
      break;
    }
    case Kind::kEnvironment: {
      SLIPWAY_ASSIGN_OR_RETURN(known.clusters, store::ListActiveIds(tx, Kind::kCluster));
      break;
    }
    case Kind::kWorkflow: {
      SLIPWAY_ASSIGN_OR_RETURN(known.environments, store::ListActiveIds(tx, Kind::kEnvironment));
      SLIPWAY_ASSIGN_OR_RETURN(known.registries, store::ListActiveIds(tx, Kind::kRegistry));
      SLIPWAY_ASSIGN_OR_RETURN(const std::string holder,
                               store::ClaimHolder(tx, kDefaultRegistryClaim));
      known.has_default_registry = !holder.empty();
      break;
    }
    default:
      break;
  }
  return known;
}

// What at most one definition may have, or nothing.
std::optional<std::string> ClaimOf(const Saver::Place& place, const Message& resource) {
  const Kind kind = KindOf(resource);
  if (kind == Kind::kRegistry && static_cast<const v1::Registry&>(resource).spec().default_())
    return kDefaultRegistryClaim;
  if (kind == Kind::kVariable || kind == Kind::kSecret) {
    return "variable " + place.parent + " " +
           plan::VariableKey(place.name.substr(place.name.rfind('/') + 1));
  }
  return std::nullopt;
}

absl::Status CheckClaim(db::Tx& tx, const Saver::Place& place, Kind kind,
                        const std::optional<std::string>& claim) {
  if (!claim) return absl::OkStatus();
  SLIPWAY_ASSIGN_OR_RETURN(const std::string holder, store::ClaimHolder(tx, *claim));
  if (holder.empty() || holder == place.name) return absl::OkStatus();
  if (kind == Kind::kRegistry) return DefaultRegistryTaken(holder);
  return VariableNameTaken(claim->substr(claim->rfind(' ') + 1), holder);
}

// Two saves at once can both pass the checks; the constraints then decide.
absl::Status TellConflict(const absl::Status& status, Kind kind, const Saver::Place& place) {
  const std::string constraint = db::ViolatedConstraint(status);
  if (constraint == "resources_name_key") return NameTaken(kind, place.name);
  if (constraint == "resources_claim_key") {
    return kind == Kind::kRegistry
               ? DefaultRegistryTaken("another one")
               : VariableNameTaken(plan::VariableKey(place.name.substr(place.name.rfind('/') + 1)),
                                   "another variable or secret");
  }
  if (constraint == "deployment_pipelines_pkey") {
    return EnvironmentTaken(0, AppNameOf(place.name), "one of these environments", "another one");
  }
  return status;
}

// A kept credential must never reach a host that it was not given for.
void CheckKeptSecret(const Saver::Place& place, bool has_secret, const Message& resource,
                     Violations* violations) {
  if (has_secret || !place.old || place.old->secret_version == 0) return;
  if (place.old->kind == Kind::kRegistry) {
    const auto before = ParseRegistryUrl(ReadAs<v1::Registry>(*place.old).spec().url(), "");
    const auto after =
        ParseRegistryUrl(static_cast<const v1::Registry&>(resource).spec().url(), "");
    if (before.ok() && after.ok() &&
        (before->host != after->host || (after->insecure && !before->insecure))) {
      violations->Add("spec.password",
                      "give the password again, since spec.url changes: a stored one is never sent "
                      "to another address");
    }
  } else if (place.old->kind == Kind::kGitAccount) {
    if (CredentialHost(ReadAs<v1::GitAccount>(*place.old).spec().host()) !=
        CredentialHost(static_cast<const v1::GitAccount&>(resource).spec().host())) {
      violations->Add("spec.token",
                      "give the token again, since spec.host changes: a stored one is never sent "
                      "to another host");
    }
  } else if (place.old->kind == Kind::kCluster) {
    const v1::ClusterSpec before = ReadAs<v1::Cluster>(*place.old).spec();
    const v1::ClusterSpec& after = static_cast<const v1::Cluster&>(resource).spec();
    if (after.has_kubernetes() && !after.kubernetes().in_cluster() &&
        before.kubernetes().server() != after.kubernetes().server()) {
      violations->Add(std::string("spec.kubernetes.") + CredentialField(after.kubernetes()),
                      "give the credential again, since spec.kubernetes.server changes: a stored "
                      "one is never sent to another server");
    }
  }
}

// Whether a cluster is signed in to with a stored credential.
bool NeedsCredential(const Message& resource) {
  if (KindOf(resource) != Kind::kCluster) return false;
  const v1::ClusterSpec& spec = static_cast<const v1::Cluster&>(resource).spec();
  return spec.has_kubernetes() && !spec.kubernetes().in_cluster();
}

// Secrets without a value are nothing.
void CheckSecretGiven(const Saver::Place& place, bool has_secret, const Message& resource,
                      Violations* violations) {
  if (KindOf(resource) == Kind::kSecret && !has_secret && !place.old)
    violations->Add("spec.value", "give the secret's value");
  const bool stored = place.old && place.old->secret_version > 0;
  if (NeedsCredential(resource) && !has_secret && !stored) {
    const auto& cluster = static_cast<const v1::Cluster&>(resource).spec().kubernetes();
    violations->Add(std::string("spec.kubernetes.") + CredentialField(cluster),
                    cluster.server().empty()
                        ? "give a kubeconfig, or server and token, or inCluster: true"
                        : "give the token of a service account");
  }
}

// What is being deleted stays in the spec until it is gone, whether the new spec still has it or
// not.
absl::Status KeepDeleting(const Saver::Place& place, const Pipelines& pipelines,
                          v1::Workflow* workflow) {
  if (!place.old) return absl::OkStatus();
  const v1::Workflow before = ReadAs<v1::Workflow>(*place.old);
  for (const store::DeploymentPipelineRow& row : pipelines) {
    if (!row.deleting) continue;
    const auto is_it = [&](const v1::DeploymentPipeline& p) {
      return p.environment() == row.environment;
    };
    auto* list = workflow->mutable_spec()->mutable_deployment_pipelines();
    const auto& old_list = before.spec().deployment_pipelines();
    const auto old_it = std::find_if(old_list.begin(), old_list.end(), is_it);
    const auto new_it = std::find_if(list->begin(), list->end(), is_it);
    if (old_it == old_list.end()) continue;
    if (new_it == list->end()) {
      *list->Add() = *old_it;
    } else if (new_it->SerializeAsString() != old_it->SerializeAsString()) {
      return BeingDeleted(place.name + "/deploymentPipelines/" + row.environment);
    }
  }
  return absl::OkStatus();
}

void CheckLeftOut(const Saver::Place& place, const Pipelines& pipelines,
                  const v1::Workflow& workflow, Violations* violations) {
  for (const store::DeploymentPipelineRow& row : pipelines) {
    const auto& list = workflow.spec().deployment_pipelines();
    const bool there = std::any_of(list.begin(), list.end(), [&](const auto& p) {
      return p.environment() == row.environment;
    });
    if (there) continue;
    violations->Add("spec.deploymentPipelines",
                    "\"" + row.environment +
                        "\" is left out; to delete it, run: slipway delete deployment-pipeline " +
                        ShortName(AppNameOf(place.name)) + "/" + row.environment);
  }
}

absl::Status CheckTakenEnvironments(db::Tx& tx, const Saver::Place& place,
                                    const v1::Workflow& workflow) {
  std::vector<std::string> environments;
  const std::string app = AppNameOf(place.name);
  for (const auto& pipeline : workflow.spec().deployment_pipelines()) {
    if (std::find(environments.begin(), environments.end(), pipeline.environment()) !=
        environments.end()) {
      return EnvironmentTaken(static_cast<int>(environments.size()), app, pipeline.environment(),
                              place.name);
    }
    environments.push_back(pipeline.environment());
  }
  if (environments.empty()) return absl::OkStatus();
  SLIPWAY_ASSIGN_OR_RETURN(const Pipelines taken, store::FindPipelines(tx, app, environments));
  for (const store::DeploymentPipelineRow& row : taken) {
    if (row.workflow == place.name) continue;
    const auto at = std::find(environments.begin(), environments.end(), row.environment);
    return EnvironmentTaken(static_cast<int>(at - environments.begin()), app, row.environment,
                            row.workflow);
  }
  return absl::OkStatus();
}

// Workflows refer to repositories of their app by name.
absl::Status CheckRepositoriesKept(db::Tx& tx, const v1::App& app, const std::string& name,
                                   Violations* violations) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto workflows, store::ListOfParents(tx, Kind::kWorkflow, {name}));
  const auto& list = app.spec().repositories();
  for (const store::ResourceRow& row : workflows) {
    const std::string wanted =
        ReadAs<v1::Workflow>(row).spec().source().build().from().repository();
    const bool there =
        wanted.empty() ? !list.empty() : std::any_of(list.begin(), list.end(), [&](const auto& r) {
          return r.name() == wanted;
        });
    if (there) continue;
    violations->Add(
        "spec.repositories",
        "workflow " + ShortName(row.name) + " builds from " +
            (wanted.empty() ? std::string("the repository") : "repository \"" + wanted + "\"") +
            ", which would be gone; change or delete the workflow first");
  }
  return absl::OkStatus();
}

// Either a workflow deploys an app, or it is synced.
absl::Status CheckOnlySynced(db::Tx& tx, const v1::App& app, const std::string& name,
                             Violations* violations) {
  if (app.spec().environments().empty()) return absl::OkStatus();
  SLIPWAY_ASSIGN_OR_RETURN(const auto workflows, store::ListOfParents(tx, Kind::kWorkflow, {name}));
  if (workflows.empty()) return absl::OkStatus();
  violations->Add("spec.environments",
                  "is for an app without workflow, and workflow " + ShortName(workflows[0].name) +
                      " deploys this one; leave it out or delete the workflow");
  return absl::OkStatus();
}

}  // namespace

absl::Status Saver::Check(db::Tx& tx, const Place& place, bool has_secret, Message* resource,
                          Pipelines* old_pipelines) const {
  const Kind kind = KindOf(*resource);
  ValidationInput input;
  SLIPWAY_ASSIGN_OR_RETURN(input.known, LoadKnownIds(tx, kind));
  Violations violations;
  for (const auto& mistake : place.known_mistakes)
    violations.Add(mistake.field, mistake.description);
  if (kind == Kind::kWorkflow) {
    auto* workflow = static_cast<v1::Workflow*>(resource);
    input.app = ReadAs<v1::App>(*place.parent_row).spec();
    if (input.app.environments_size() > 0) {
      violations.Add("spec",
                     "the app is only synced (its spec.environments is set); take "
                     "spec.environments out of the app before it gets a workflow");
    }
    if (place.old) {
      SLIPWAY_ASSIGN_OR_RETURN(*old_pipelines, store::ListPipelinesOfWorkflow(tx, place.old->id));
      for (const auto& row : *old_pipelines) {
        if (row.deleting) input.deleting_environments.push_back(row.environment);
      }
      SLIPWAY_RETURN_IF_ERROR(KeepDeleting(place, *old_pipelines, workflow));
      CheckLeftOut(place, *old_pipelines, *workflow, &violations);
    }
  }
  Validate(*resource, input, &violations);
  CheckKeptSecret(place, has_secret, *resource, &violations);
  CheckSecretGiven(place, has_secret, *resource, &violations);
  if (kind == Kind::kApp && place.old) {
    SLIPWAY_RETURN_IF_ERROR(
        CheckRepositoriesKept(tx, static_cast<const v1::App&>(*resource), place.name, &violations));
    SLIPWAY_RETURN_IF_ERROR(
        CheckOnlySynced(tx, static_cast<const v1::App&>(*resource), place.name, &violations));
  }
  if (kind == Kind::kEnvironment && place.old) {
    SLIPWAY_RETURN_IF_ERROR(CheckEnvironmentRepository(
        tx, static_cast<const v1::Environment&>(*resource), place.name, &violations));
  }
  SLIPWAY_RETURN_IF_ERROR(violations.ToStatus());
  if (kind == Kind::kWorkflow) {
    SLIPWAY_RETURN_IF_ERROR(
        CheckTakenEnvironments(tx, place, static_cast<const v1::Workflow&>(*resource)));
  }
  return CheckClaim(tx, place, kind, ClaimOf(place, *resource));
}

absl::Status Saver::WriteBeside(db::Tx& tx, const Place& place, const store::ResourceRow& row,
                                const Message& resource, const Pipelines& old_pipelines) const {
  const std::vector<std::string> targets = ReferencesOf(resource);
  // A target that is deleted at the same moment is either gone here, or its deletion waits and then
  // sees the reference.
  SLIPWAY_ASSIGN_OR_RETURN(const auto locked, store::FindAll(tx, targets, store::Lock::kShare));
  const auto real = std::count_if(targets.begin(), targets.end(),
                                  [](const auto& t) { return t != kDefaultRegistryTarget; });
  if (static_cast<long>(locked.size()) != real) return NeededGone(place.name);
  for (const store::ResourceRow& target : locked) {
    if (target.deleting) return BeingDeleted(target.name);
  }
  SLIPWAY_RETURN_IF_ERROR(store::ReplaceRefs(tx, row.id, targets));
  if (row.kind == Kind::kApp) {
    std::vector<std::pair<std::string, std::string>> repositories;
    for (const v1::Repository& repository :
         static_cast<const v1::App&>(resource).spec().repositories()) {
      repositories.emplace_back(repository.name(), NormalRepositoryUrl(repository.url()));
    }
    SLIPWAY_RETURN_IF_ERROR(store::ReplaceRepositories(tx, row.id, repositories));
    return Emit(tx, "app.changed", row.name, row.uid);
  }
  if (row.kind == Kind::kProject) return Emit(tx, "project.changed", row.name, row.uid);
  if (row.kind == Kind::kCluster) return Emit(tx, "cluster.changed", row.name, row.uid);
  if (row.kind == Kind::kRegistry) return Emit(tx, "registry.changed", row.name, row.uid);
  if (row.kind == Kind::kEnvironment) return Emit(tx, "environment.changed", row.name, row.uid);
  if (row.kind != Kind::kWorkflow) return absl::OkStatus();
  std::vector<std::pair<std::string, std::string>> pipelines;
  for (const auto& pipeline :
       static_cast<const v1::Workflow&>(resource).spec().deployment_pipelines()) {
    const bool deleting = std::any_of(
        old_pipelines.begin(), old_pipelines.end(),
        [&](const auto& old) { return old.deleting && old.environment == pipeline.environment(); });
    if (!deleting) pipelines.emplace_back(pipeline.environment(), pipeline.after());
  }
  SLIPWAY_RETURN_IF_ERROR(store::ReplacePipelines(tx, AppNameOf(row.name), row.id, pipelines));
  return Emit(tx, "workflow.changed", row.name, place.parent_row->uid);
}

absl::StatusOr<Saver::Saved> Saver::Save(db::Tx& tx, const Place& place, Message* resource) const {
  const Kind kind = KindOf(*resource);
  Pipelines old_pipelines;
  std::optional<std::string> secret;
  {
    // The value's own rules (its length) are part of the validation, so it is taken out only after
    // a look at it.
    std::unique_ptr<Message> whole(resource->New());
    whole->CopyFrom(*resource);
    secret = TakeSecret(resource);
    SLIPWAY_RETURN_IF_ERROR(Check(tx, place, secret.has_value(), whole.get(), &old_pipelines));
    if (kind == Kind::kWorkflow) resource->CopyFrom(*whole);
  }
  const std::string spec = SerializeSpec(*resource);
  const std::optional<std::string> claim = ClaimOf(place, *resource);
  bool new_secret = secret.has_value();
  if (place.old && secret) {
    SLIPWAY_ASSIGN_OR_RETURN(const bool same, secrets_.IsCurrent(tx, *place.old, *secret));
    new_secret = !same;
  }
  if (place.old && place.old->spec == spec && !new_secret) return Saved{*place.old, false};

  absl::StatusOr<store::ResourceRow> row =
      place.old
          ? store::Update(tx, place.old->id, spec, claim)
          : store::Insert(tx, {kind, place.name, place.parent, NewUlid(absl::Now()), spec, claim});
  if (!row.ok()) return TellConflict(row.status(), kind, place);
  if (new_secret) SLIPWAY_RETURN_IF_ERROR(secrets_.Write(tx, *secret, &*row));
  const absl::Status beside = WriteBeside(tx, place, *row, *resource, old_pipelines);
  if (!beside.ok()) return TellConflict(beside, kind, place);
  return Saved{*row, true};
}

absl::Status Saver::Emit(db::Tx& tx, std::string_view type, std::string_view name,
                         std::string_view app_uid) const {
  v1::DefinitionChanged changed;
  changed.set_name(std::string(name));
  changed.set_app_uid(std::string(app_uid));
  events::Event event;
  event.type = std::string(type);
  event.subject = std::string(name);
  event.payload = changed.SerializeAsString();
  return outbox_.Append(tx, event);
}

}  // namespace slipway::pipeline
