#include "services/pipeline/engine/planner.h"

#include <algorithm>
#include <optional>
#include <set>

#include "absl/strings/numbers.h"
#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/git/names.h"
#include "libs/plan/digest.h"
#include "libs/rpc/errors.h"
#include "libs/rpc/paging.h"
#include "libs/rpc/timestamp.h"
#include "services/pipeline/domain/fields.h"
#include "services/pipeline/domain/merge_deploy.h"
#include "services/pipeline/domain/ref_rule.h"
#include "services/pipeline/domain/repository_url.h"
#include "services/pipeline/domain/validate.h"
#include "services/pipeline/engine/errors.h"
#include "services/pipeline/engine/resource_message.h"
#include "services/pipeline/store/plan_store.h"
#include "services/pipeline/store/workflow_store.h"

namespace slipway::pipeline {
namespace {

constexpr absl::Duration kKeepPlans = absl::Hours(24 * 30);
constexpr int kMaxPlans = 256;
constexpr int kMaxMatches = 1000;
constexpr int kMaxSecrets = 1000;

using RowsByName = std::map<std::string, store::ResourceRow>;

RowsByName ByName(std::vector<store::ResourceRow> rows) {
  RowsByName by_name;
  for (store::ResourceRow& row : rows) by_name.emplace(row.name, std::move(row));
  return by_name;
}

// Whether the caller has told all that a Plan needs of its commit.
bool IsKnown(const v1::PlanRequest& request) {
  return !request.commit().empty() && !request.ref().empty() && request.has_known_commit() &&
         request.known_commit().sha() == request.commit();
}

absl::Status CheckRequest(const v1::PlanRequest& request) {
  SLIPWAY_RETURN_IF_ERROR(ParseName(Kind::kWorkflow, request.workflow(), "workflow").status());
  for (const auto& [name, value] : request.variables()) {
    const std::string problem = EnvNameProblem(name);
    if (!problem.empty()) return InvalidField("variables", problem);
    if (value.size() > kMaxVariableValue)
      return InvalidField("variables." + name, "is longer than 64 KiB");
    if (value.find('\0') != std::string::npos)
      return InvalidField("variables." + name, "may not contain a NUL byte");
  }
  const std::string& commit = request.commit();
  if (IsKnown(request) && !git::IsSha(commit))
    return InvalidField("commit", "must be 40 hex digits");
  if (!commit.empty()) {
    const bool hex = commit.size() >= 4 && commit.size() <= 40 &&
                     commit.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!hex)
      return InvalidField("commit",
                          "must be a commit's id: 40 hex digits, or the first ones of them");
  }
  if (!request.ref().empty()) {
    const std::string branch = BranchOf(request.ref());
    const std::string problem = branch.empty() ? "is no branch" : BranchProblem(branch);
    if (!problem.empty()) return InvalidField("ref", problem);
  }
  return absl::OkStatus();
}

const v1::Repository* RepositoryOf(const v1::AppSpec& app, const v1::BuildFrom& from) {
  for (const v1::Repository& repository : app.repositories()) {
    if (from.repository().empty() || repository.name() == from.repository()) return &repository;
  }
  return nullptr;
}

v1::CreatePlansResponse::Result ErrorResult(const absl::Status& status) {
  v1::CreatePlansResponse::Result result;
  result.set_error_code(static_cast<int>(status.code()));
  result.set_error_reason(DetailsOf(status).reason);
  result.set_error_message(MessageOf(status));
  return result;
}

// Faults of ours, which the caller is to try again, are not results.
bool IsTransient(const absl::Status& status) {
  return absl::IsInternal(status) || absl::IsUnknown(status) || absl::IsResourceExhausted(status);
}

// Environment and cluster as saved.
absl::Status FillPlace(db::Tx& tx, const store::ResourceRow& environment,
                       v1::ResolveDeploymentResponse* response) {
  FillResource(environment, {}, response->mutable_environment());
  SLIPWAY_ASSIGN_OR_RETURN(
      const auto cluster,
      store::Find(tx, MakeName(Kind::kCluster, "", response->environment().spec().cluster()),
                  store::Lock::kNone));
  if (!cluster) return absl::InternalError("an environment without its cluster");
  FillResource(*cluster, {}, response->mutable_cluster());
  return absl::OkStatus();
}

// The app is not deployed to this environment; to which it is.
absl::Status NoPipeline(db::Tx& tx, const v1::ResolveDeploymentRequest& request) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto workflows,
                           store::ListOfParents(tx, Kind::kWorkflow, {request.app()}));
  std::vector<std::string> known;
  for (const store::ResourceRow& row : workflows) {
    const v1::Workflow workflow = ReadAs<v1::Workflow>(row);
    for (const auto& pipeline : workflow.spec().deployment_pipelines())
      known.push_back(pipeline.environment());
  }
  return NoDeploymentPipeline(request.app(), request.environment(), known);
}

// The workflow's deployment pipeline for this environment, and those that come after it.
absl::Status FillPipeline(db::Tx& tx, const std::string& workflow_name,
                          const std::string& environment, v1::ResolveDeploymentResponse* response) {
  response->set_workflow(workflow_name);
  SLIPWAY_ASSIGN_OR_RETURN(const auto row, store::Find(tx, workflow_name, store::Lock::kNone));
  if (!row) return rpc::ResourceNotFound(workflow_name);
  SLIPWAY_ASSIGN_OR_RETURN(auto facts, store::FindWorkflowFacts(tx, {row->id}));
  const auto& deleting = facts[row->id].deleting_environments;
  const v1::Workflow workflow = ReadAs<v1::Workflow>(*row);
  for (const v1::DeploymentPipeline& pipeline : workflow.spec().deployment_pipelines()) {
    if (pipeline.environment() == environment) *response->mutable_pipeline() = pipeline;
    const bool going =
        std::find(deleting.begin(), deleting.end(), pipeline.environment()) != deleting.end();
    if (pipeline.after() == environment && !going) response->add_next(pipeline.environment());
  }
  return absl::OkStatus();
}

// The repository of deploy.path: the one that it names, or the only one.
absl::Status FillRepository(const std::string& app_name, const v1::AppSpec& app,
                            v1::ResolveDeploymentResponse* response) {
  if (response->deploy().path().empty()) return absl::OkStatus();
  const std::string& wanted = response->deploy().repository();
  std::vector<std::string> known;
  for (const v1::Repository& repository : app.repositories()) {
    known.push_back(repository.name());
    if (wanted.empty() ? app.repositories_size() > 1 : repository.name() != wanted) continue;
    *response->mutable_repository() = repository;
    return absl::OkStatus();
  }
  return NoDeployRepository(app_name, wanted, known);
}

}  // namespace

// What the Plans of one batch are compiled from.
struct Planner::Definitions {
  RowsByName resources;                        // workflows and apps
  std::vector<store::ResourceRow> registries;  // all
  std::vector<store::ResourceRow> variables;   // of projects and apps, by name
  std::vector<store::ResourceRow> secrets;     // the same
  std::map<int64_t, store::WorkflowFacts> facts;

  // The workflow's row with its app's, both in use.
  absl::StatusOr<std::pair<const store::ResourceRow*, const store::ResourceRow*>> Find(
      const std::string& workflow) const {
    const auto it = resources.find(workflow);
    const auto app = resources.find(AppNameOf(workflow));
    if (it == resources.end() || app == resources.end()) return rpc::ResourceNotFound(workflow);
    if (app->second.deleting) return BeingDeleted(app->first);
    return std::make_pair(&it->second, &app->second);
  }

  absl::Status FillRegistry(const std::string& workflow, const std::string& id,
                            plan::CompileInput* input) const {
    for (const store::ResourceRow& row : registries) {
      const v1::Registry registry = ReadAs<v1::Registry>(row);
      if (id.empty() ? !registry.spec().default_() : row.name != MakeName(Kind::kRegistry, "", id))
        continue;
      SLIPWAY_ASSIGN_OR_RETURN(const RegistryAddress address,
                               ParseRegistryUrl(registry.spec().url(), "spec.url"));
      input->registry_name = row.name;
      input->registry_host = address.host;
      input->registry_insecure = address.insecure;
      return absl::OkStatus();
    }
    return id.empty() ? NoDefaultRegistry(workflow)
                      : rpc::ResourceNotFound(MakeName(Kind::kRegistry, "", id));
  }

  // Outer scope first. `protected_ref`: the run is for a ref that the workflow names itself.
  void FillVariables(const std::string& workflow, bool protected_ref,
                     plan::CompileInput* input) const {
    for (const std::string& parent :
         {MakeName(Kind::kProject, "", ProjectOf(workflow)), AppNameOf(workflow)}) {
      for (const store::ResourceRow& row : variables) {
        if (row.parent != parent) continue;
        const v1::VariableSpec spec = ReadAs<v1::Variable>(row).spec();
        if (spec.protected_() && !protected_ref) continue;
        input->variables.push_back({plan::VariableKey(row.name.substr(row.name.rfind('/') + 1)),
                                    spec.value(), "", spec.masked()});
      }
      for (const store::ResourceRow& row : secrets) {
        if (row.parent != parent || row.secret_version == 0) continue;
        if (ReadAs<v1::Secret>(row).spec().protected_() && !protected_ref) continue;
        input->variables.push_back({plan::VariableKey(row.name.substr(row.name.rfind('/') + 1)), "",
                                    row.name + "@" + std::to_string(row.secret_version), true});
      }
    }
  }

  absl::StatusOr<v1::CreatePlansResponse::Result> Compile(const v1::PlanRequest& request,
                                                          const plan::CommitFacts& commit) const {
    SLIPWAY_ASSIGN_OR_RETURN(const auto rows, Find(request.workflow()));
    plan::CompileInput input;
    input.workflow_name = request.workflow();
    input.workflow = ReadAs<v1::Workflow>(*rows.first).spec();
    input.app = ReadAs<v1::App>(*rows.second).spec();
    input.app_uid = rows.second->uid;
    const v1::BuildSource& build = input.workflow.source().build();
    const v1::Repository* repository = RepositoryOf(input.app, build.from());
    if (repository == nullptr) return NoRepository(rows.second->name);
    if (!request.repository().empty() &&
        NormalRepositoryUrl(request.repository()) != NormalRepositoryUrl(repository->url())) {
      return RepositoryChanged(rows.second->name, request.repository());
    }
    if (!Builds(build.from(), BranchOf(commit.ref))) {
      const bool by_name = build.from().ref_case() == v1::BuildFrom::kBranch;
      return RefNotBuilt(BranchOf(commit.ref), by_name ? "branch" : "branchRegex",
                         by_name ? build.from().branch() : build.from().branch_regex());
    }
    if (const auto it = facts.find(rows.first->id); it != facts.end()) {
      input.deleting_environments = it->second.deleting_environments;
    }
    SLIPWAY_RETURN_IF_ERROR(FillRegistry(request.workflow(), build.image().registry(), &input));
    FillVariables(request.workflow(), build.from().ref_case() == v1::BuildFrom::kBranch, &input);
    input.run_variables = {request.variables().begin(), request.variables().end()};
    input.ignore_cache = request.ignore_cache();
    input.commit = commit;
    v1::CreatePlansResponse::Result result;
    *result.mutable_plan() = plan::CompileBuild(input);
    return result;
  }
};

absl::StatusOr<Planner::Definitions> Planner::Load(db::Tx& tx,
                                                   const v1::CreatePlansRequest& request,
                                                   bool for_compile) const {
  std::set<std::string> names, parents;
  for (const v1::PlanRequest& one : request.requests()) {
    names.insert({one.workflow(), AppNameOf(one.workflow())});
    parents.insert(
        {AppNameOf(one.workflow()), MakeName(Kind::kProject, "", ProjectOf(one.workflow()))});
  }
  Definitions definitions;
  SLIPWAY_ASSIGN_OR_RETURN(auto rows,
                           store::FindAll(tx, {names.begin(), names.end()}, store::Lock::kNone));
  std::vector<int64_t> ids;
  for (const store::ResourceRow& row : rows) {
    if (row.kind == Kind::kWorkflow) ids.push_back(row.id);
  }
  definitions.resources = ByName(std::move(rows));
  if (!for_compile) return definitions;
  const std::vector<std::string> scopes(parents.begin(), parents.end());
  SLIPWAY_ASSIGN_OR_RETURN(definitions.registries, store::ListOfParents(tx, Kind::kRegistry, {""}));
  SLIPWAY_ASSIGN_OR_RETURN(definitions.variables,
                           store::ListOfParents(tx, Kind::kVariable, scopes));
  SLIPWAY_ASSIGN_OR_RETURN(definitions.secrets, store::ListOfParents(tx, Kind::kSecret, scopes));
  SLIPWAY_ASSIGN_OR_RETURN(definitions.facts, store::FindWorkflowFacts(tx, ids));
  return definitions;
}

absl::StatusOr<plan::CommitFacts> Planner::FindCommit(const Caller& caller,
                                                      const v1::PlanRequest& request,
                                                      const Definitions& definitions) const {
  SLIPWAY_ASSIGN_OR_RETURN(const auto rows, definitions.Find(request.workflow()));
  const v1::BuildFrom from = ReadAs<v1::Workflow>(*rows.first).spec().source().build().from();
  const v1::AppSpec app = ReadAs<v1::App>(*rows.second).spec();
  const v1::Repository* repository = RepositoryOf(app, from);
  if (repository == nullptr) return NoRepository(rows.second->name);
  return repositories_.Resolve(caller, *repository, from, request.commit(), request.ref());
}

absl::StatusOr<v1::CreatePlansResponse> Planner::CreatePlans(
    const Caller& caller, const v1::CreatePlansRequest& request) const {
  if (request.requests_size() > kMaxPlans)
    return InvalidField("requests", "are more than 256; split them");
  const size_t count = static_cast<size_t>(request.requests_size());
  std::vector<absl::StatusOr<plan::CommitFacts>> commits;
  bool need_git = false;
  for (const v1::PlanRequest& one : request.requests()) {
    const absl::Status checked = CheckRequest(one);
    if (!checked.ok()) {
      commits.push_back(checked);
    } else if (IsKnown(one)) {
      const v1::Commit& known = one.known_commit();
      commits.push_back(plan::CommitFacts{known.sha(), FullBranchRef(one.ref()), known.subject(),
                                          known.author(), rpc::FromTimestamp(known.commit_time())});
    } else {
      commits.push_back(plan::CommitFacts());
      need_git = true;
    }
  }
  if (need_git) {
    SLIPWAY_ASSIGN_OR_RETURN(const Definitions definitions,
                             db::RunTx(pool_, "plans.load", caller.deadline,
                                       [&](db::Tx& tx) { return Load(tx, request, false); }));
    for (size_t i = 0; i < count; ++i) {
      if (!commits[i].ok() || !commits[i]->sha.empty()) continue;
      commits[i] = FindCommit(caller, request.requests(static_cast<int>(i)), definitions);
    }
  }
  return db::RunTx(
      pool_, "plans.create", caller.deadline,
      [&](db::Tx& tx) -> absl::StatusOr<v1::CreatePlansResponse> {
        SLIPWAY_ASSIGN_OR_RETURN(const Definitions definitions, Load(tx, request, true));
        v1::CreatePlansResponse response;
        std::vector<store::PlanRow> plans;
        for (size_t i = 0; i < count; ++i) {
          const v1::PlanRequest& one = request.requests(static_cast<int>(i));
          auto result =
              commits[i].ok() ? definitions.Compile(one, *commits[i]) : commits[i].status();
          if (!result.ok()) {
            if (IsTransient(result.status())) return result.status();
            *response.add_results() = ErrorResult(result.status());
            continue;
          }
          store::PlanRow row{"", one.workflow(), plan::Serialize(result->plan())};
          row.digest = Sha256Hex(row.plan);
          result->set_digest(row.digest);
          plans.push_back(std::move(row));
          *response.add_results() = *std::move(result);
        }
        SLIPWAY_RETURN_IF_ERROR(store::InsertPlans(tx, plans));
        return response;
      });
}

absl::StatusOr<v1::FindWorkflowsResponse> Planner::FindWorkflows(
    const Caller& caller, const v1::FindWorkflowsRequest& request) const {
  std::vector<std::string> urls;
  for (const std::string& url : request.repository_urls()) {
    const std::string normal = NormalRepositoryUrl(url);
    if (!normal.empty()) urls.push_back(normal);
  }
  if (urls.empty()) return v1::FindWorkflowsResponse();
  SLIPWAY_ASSIGN_OR_RETURN(const int limit,
                           rpc::PageSize(request.page_size(), kMaxMatches, kMaxMatches));
  std::string list = "workflows";
  for (const std::string& url : urls) list += " " + url;
  SLIPWAY_ASSIGN_OR_RETURN(const std::string after, rpc::ReadPageToken(list, request.page_token()));
  return db::RunTx(
      pool_, "workflows.find", caller.deadline,
      [&](db::Tx& tx) -> absl::StatusOr<v1::FindWorkflowsResponse> {
        SLIPWAY_ASSIGN_OR_RETURN(auto matches, store::FindByRepository(tx, urls, after, limit + 1));
        v1::FindWorkflowsResponse response;
        if (static_cast<int>(matches.size()) > limit) {
          matches.resize(static_cast<size_t>(limit));
          response.set_next_page_token(rpc::PageToken(list, matches.back().workflow));
        }
        std::set<std::string> names;
        std::vector<int64_t> ids;
        for (const store::RepositoryMatch& match : matches) {
          names.insert({match.workflow, match.app});
          ids.push_back(match.workflow_id);
        }
        SLIPWAY_ASSIGN_OR_RETURN(
            auto rows, store::FindAll(tx, {names.begin(), names.end()}, store::Lock::kNone));
        const RowsByName by_name = ByName(std::move(rows));
        SLIPWAY_ASSIGN_OR_RETURN(auto facts, store::FindWorkflowFacts(tx, ids));
        for (const store::RepositoryMatch& match : matches) {
          const store::ResourceRow& app = by_name.at(match.app);
          const store::ResourceRow& workflow = by_name.at(match.workflow);
          v1::Workflow message;
          FillResource(workflow, facts[workflow.id], &message);
          const v1::AppSpec app_spec = ReadAs<v1::App>(app).spec();
          const v1::Repository* repository =
              RepositoryOf(app_spec, message.spec().source().build().from());
          if (repository == nullptr || repository->name() != match.repository) continue;
          auto* out = response.add_matches();
          *out->mutable_workflow() = std::move(message);
          *out->mutable_repository() = *repository;
          out->set_app_uid(app.uid);
        }
        return response;
      });
}

absl::StatusOr<v1::ResolveDeploymentResponse> Planner::ResolveDeployment(
    const Caller& caller, const v1::ResolveDeploymentRequest& request) const {
  SLIPWAY_RETURN_IF_ERROR(ParseName(Kind::kApp, request.app(), "app").status());
  return db::RunTx(
      pool_, "deployments.resolve", caller.deadline,
      [&](db::Tx& tx) -> absl::StatusOr<v1::ResolveDeploymentResponse> {
        const std::string environment_name =
            MakeName(Kind::kEnvironment, "", request.environment());
        const std::string project_name = "projects/" + ProjectOf(request.app());
        SLIPWAY_ASSIGN_OR_RETURN(auto rows,
                                 store::FindAll(tx, {project_name, request.app(), environment_name},
                                                store::Lock::kNone));
        const RowsByName by_name = ByName(std::move(rows));
        const auto app = by_name.find(request.app());
        if (app == by_name.end()) return rpc::ResourceNotFound(request.app());
        const auto environment = by_name.find(environment_name);
        const v1::AppSpec app_spec = ReadAs<v1::App>(app->second).spec();
        v1::ResolveDeploymentResponse response;
        v1::DeploySpec own;  // of this app in this environment alone
        const auto target =
            std::find_if(app_spec.environments().begin(), app_spec.environments().end(),
                         [&](const auto& t) { return t.environment() == request.environment(); });
        if (target != app_spec.environments().end() && environment != by_name.end()) {
          if (app->second.deleting) return BeingDeleted(request.app());
          response.set_synced(true);
          own = target->deploy();
        } else {
          SLIPWAY_ASSIGN_OR_RETURN(
              const auto found, store::FindPipelines(tx, request.app(), {request.environment()}));
          if (found.empty() || environment == by_name.end()) return NoPipeline(tx, request);
          if (app->second.deleting) return BeingDeleted(request.app());
          if (found[0].deleting)
            return BeingDeleted(found[0].workflow + "/deploymentPipelines/" +
                                request.environment());
          SLIPWAY_RETURN_IF_ERROR(
              FillPipeline(tx, found[0].workflow, request.environment(), &response));
          own = response.pipeline().deploy();
        }
        response.set_app_uid(app->second.uid);
        if (const auto project = by_name.find(project_name); project != by_name.end()) {
          response.set_gitops_repository(
              ReadAs<v1::Project>(project->second).spec().gitops_repository());
        }
        SLIPWAY_RETURN_IF_ERROR(FillPlace(tx, environment->second, &response));
        *response.mutable_deploy() = app_spec.deploy();
        MergeDeploy(response.environment().spec().deploy(), response.mutable_deploy());
        MergeDeploy(own, response.mutable_deploy());
        SLIPWAY_RETURN_IF_ERROR(FillRepository(request.app(), app_spec, &response));
        return response;
      });
}

absl::StatusOr<v1::ResolveSecretsResponse> Planner::ResolveSecrets(
    const Caller& caller, const v1::ResolveSecretsRequest& request) const {
  if (request.git_accounts_size() + request.registries_size() + request.secrets_size() +
          request.clusters_size() >
      kMaxSecrets) {
    return InvalidField("secrets", "are more than 1000; split them");
  }
  return db::RunTx(
      pool_, "secrets.resolve", caller.deadline,
      [&](db::Tx& tx) -> absl::StatusOr<v1::ResolveSecretsResponse> {
        v1::ResolveSecretsResponse response;
        const auto find = [&](Kind kind,
                              const std::string& name) -> absl::StatusOr<store::ResourceRow> {
          SLIPWAY_RETURN_IF_ERROR(ParseName(kind, name).status());
          SLIPWAY_ASSIGN_OR_RETURN(auto row, store::Find(tx, name, store::Lock::kNone));
          if (!row) return rpc::ResourceNotFound(name);
          return *std::move(row);
        };
        for (const std::string& id : request.git_accounts()) {
          SLIPWAY_ASSIGN_OR_RETURN(const auto row,
                                   find(Kind::kGitAccount, MakeName(Kind::kGitAccount, "", id)));
          v1::Credential& credential = (*response.mutable_git_accounts())[id];
          const v1::GitAccountSpec spec = ReadAs<v1::GitAccount>(row).spec();
          credential.set_host(spec.host());
          credential.set_username(spec.username());
          if (row.secret_version == 0) continue;
          SLIPWAY_ASSIGN_OR_RETURN(*credential.mutable_password(),
                                   secrets_.Read(tx, row, row.secret_version));
        }
        for (const std::string& name : request.registries()) {
          SLIPWAY_ASSIGN_OR_RETURN(const auto row, find(Kind::kRegistry, name));
          v1::Credential& credential = (*response.mutable_registries())[name];
          const v1::RegistrySpec spec = ReadAs<v1::Registry>(row).spec();
          SLIPWAY_ASSIGN_OR_RETURN(const RegistryAddress address,
                                   ParseRegistryUrl(spec.url(), "spec.url"));
          credential.set_host(address.host);
          credential.set_insecure(address.insecure);
          credential.set_username(spec.username());
          if (row.secret_version == 0) continue;
          SLIPWAY_ASSIGN_OR_RETURN(*credential.mutable_password(),
                                   secrets_.Read(tx, row, row.secret_version));
        }
        for (const std::string& name : request.clusters()) {
          SLIPWAY_ASSIGN_OR_RETURN(const auto row, find(Kind::kCluster, name));
          v1::KubernetesTarget& target = (*response.mutable_clusters())[name];
          target = ReadAs<v1::Cluster>(row).spec().kubernetes();
          if (row.secret_version == 0 || target.in_cluster()) continue;
          SLIPWAY_ASSIGN_OR_RETURN(*MutableCredential(&target)->mutable_value(),
                                   secrets_.Read(tx, row, row.secret_version));
        }
        for (const std::string& name_at_version : request.secrets()) {
          const size_t at = name_at_version.rfind('@');
          int64_t version = 0;
          if (at == std::string::npos ||
              !absl::SimpleAtoi(name_at_version.substr(at + 1), &version)) {
            return InvalidField("secrets", "expected \"NAME@VERSION\"");
          }
          SLIPWAY_RETURN_IF_ERROR(
              ParseName(Kind::kSecret, name_at_version.substr(0, at), "secrets").status());
          SLIPWAY_ASSIGN_OR_RETURN(
              const auto row, store::Find(tx, name_at_version.substr(0, at), store::Lock::kNone));
          if (!row) return SecretGone(name_at_version);
          SLIPWAY_ASSIGN_OR_RETURN((*response.mutable_secrets())[name_at_version],
                                   secrets_.Read(tx, *row, version));
        }
        return response;
      });
}

absl::StatusOr<int64_t> Planner::PruneOld(absl::Time now, int limit) const {
  return db::RunTx(pool_, "plans.prune", absl::Seconds(10),
                   [&](db::Tx& tx) { return store::PrunePlans(tx, now - kKeepPlans, limit); });
}

}  // namespace slipway::pipeline
