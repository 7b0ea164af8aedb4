#include "services/pipeline/engine/repositories.h"

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/git/names.h"
#include "libs/rpc/errors.h"
#include "libs/rpc/paging.h"
#include "libs/rpc/timestamp.h"
#include "services/pipeline/domain/fields.h"
#include "services/pipeline/domain/ref_rule.h"
#include "services/pipeline/engine/errors.h"
#include "services/pipeline/engine/resource_message.h"

namespace slipway::pipeline {
namespace {

constexpr int kDefaultCommits = 20;
constexpr int kMaxCommits = 200;
constexpr int kMaxPaths = 10'000;
constexpr char kHeads[] = "refs/heads/";

std::string PersonOf(const git::Identity& identity) {
  return identity.name + " <" + identity.email + ">";
}

plan::CommitFacts FactsOf(const git::Commit& commit, const std::string& ref) {
  return {commit.sha, ref, commit.Subject(), PersonOf(commit.author), commit.commit_time};
}

absl::StatusOr<std::vector<std::string>> Branches(const git::Repository& repository) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto refs, repository.ListRefs(kHeads));
  std::vector<std::string> names;
  for (const git::Ref& ref : refs) names.push_back(BranchOf(ref.name));
  return names;
}

// The commit that `revision` stands for; an unknown one is told with the branches that are near.
absl::StatusOr<std::string> ResolveRevision(const git::Repository& repository,
                                            const std::string& revision) {
  absl::StatusOr<std::string> sha = repository.Resolve(revision);
  if (sha.ok() || !absl::IsNotFound(sha.status())) return sha;
  SLIPWAY_ASSIGN_OR_RETURN(const auto branches, Branches(repository));
  return NoSuchRef(revision, branches);
}

// Branches that the workflow builds and that hold the commit; one whose tip it is comes first.
absl::StatusOr<std::string> BranchThatHolds(const git::Repository& repository,
                                            const v1::BuildFrom& from, const std::string& sha) {
  constexpr int kMaxBranches = 500;
  SLIPWAY_ASSIGN_OR_RETURN(const auto refs, repository.ListRefs(kHeads));
  std::string found;
  int looked = 0;
  for (const git::Ref& ref : refs) {
    if (!Builds(from, BranchOf(ref.name))) continue;
    if (ref.sha == sha) return BranchOf(ref.name);
    if (!found.empty() || ++looked > kMaxBranches) continue;
    SLIPWAY_ASSIGN_OR_RETURN(const bool holds, repository.IsAncestor(sha, ref.sha));
    if (holds) found = BranchOf(ref.name);
  }
  return found;
}

// One try with what the mirror has.
absl::StatusOr<plan::CommitFacts> ResolveIn(const git::Repository& repository,
                                            const v1::BuildFrom& from, const std::string& commit,
                                            const std::string& wanted_branch) {
  std::string sha;
  if (!commit.empty()) {
    SLIPWAY_ASSIGN_OR_RETURN(sha, ResolveRevision(repository, commit));
  }
  std::string branch = wanted_branch;
  if (branch.empty()) {
    SLIPWAY_ASSIGN_OR_RETURN(branch, BranchThatHolds(repository, from, sha));
    if (branch.empty()) return CommitOnNoBranch(sha, from.branch_regex());
  }
  SLIPWAY_ASSIGN_OR_RETURN(const std::string tip, ResolveRevision(repository, kHeads + branch));
  if (sha.empty()) sha = tip;
  SLIPWAY_ASSIGN_OR_RETURN(const bool on_branch, repository.IsAncestor(sha, tip));
  if (!on_branch) return CommitNotOnRef(sha, branch);
  SLIPWAY_ASSIGN_OR_RETURN(const git::Commit found, repository.GetCommit(sha));
  return FactsOf(found, kHeads + branch);
}

}  // namespace

absl::StatusOr<v1::Repository> Repositories::Find(const Caller& caller, std::string_view app,
                                                  const std::string& name) const {
  SLIPWAY_RETURN_IF_ERROR(ParseName(Kind::kApp, app, "parent").status());
  SLIPWAY_ASSIGN_OR_RETURN(
      const auto row, db::RunTx(parts_.pool, "repositories.find", caller.deadline, [&](db::Tx& tx) {
        return store::Find(tx, app, store::Lock::kNone);
      }));
  if (!row) return rpc::ResourceNotFound(app);
  std::vector<std::string> known;
  const v1::App message = ReadAs<v1::App>(*row);
  for (const v1::Repository& repository : message.spec().repositories()) {
    if (name.empty() || repository.name() == name) return repository;
    known.push_back(repository.name());
  }
  if (known.empty()) return NoRepository(app);
  return NoSuchRepository(app, name, known);
}

absl::StatusOr<git::GitRemote> Repositories::RemoteOf(const Caller& caller,
                                                      const v1::Repository& repository) const {
  git::GitRemote remote{repository.url(), "", ""};
  if (repository.account().empty()) return remote;
  return db::RunTx(
      parts_.pool, "repositories.credential", caller.deadline,
      [&](db::Tx& tx) -> absl::StatusOr<git::GitRemote> {
        const std::string name = MakeName(Kind::kGitAccount, "", repository.account());
        SLIPWAY_ASSIGN_OR_RETURN(const auto row, store::Find(tx, name, store::Lock::kNone));
        if (!row) return rpc::ResourceNotFound(name);
        const v1::GitAccount account = ReadAs<v1::GitAccount>(*row);
        if (CredentialHost(account.spec().host()) != CredentialHostOf(repository.url())) {
          return AccountForOtherHost(repository.account(), account.spec().host(), repository.url());
        }
        git::GitRemote with_credential{repository.url(), account.spec().username(), ""};
        if (row->secret_version > 0) {
          SLIPWAY_ASSIGN_OR_RETURN(with_credential.password,
                                   parts_.secrets.Read(tx, *row, row->secret_version));
        }
        return with_credential;
      });
}

absl::StatusOr<v1::ListCommitsResponse> Repositories::ListCommits(
    const Caller& caller, const v1::ListCommitsRequest& request) const {
  SLIPWAY_ASSIGN_OR_RETURN(const int limit,
                           rpc::PageSize(request.page_size(), kDefaultCommits, kMaxCommits));
  const std::string list = "commits " + request.parent() + " " + request.repository();
  SLIPWAY_ASSIGN_OR_RETURN(const std::string place, rpc::ReadPageToken(list, request.page_token()));
  SLIPWAY_ASSIGN_OR_RETURN(const v1::Repository repository,
                           Find(caller, request.parent(), request.repository()));
  SLIPWAY_ASSIGN_OR_RETURN(const git::GitRemote remote, RemoteOf(caller, repository));
  SLIPWAY_ASSIGN_OR_RETURN(const auto mirror, parts_.mirrors.Get(remote));
  // A token holds the commit that the first page started from and the last one shown, so pages fit
  // together.
  std::string start = request.ref(), after;
  if (!place.empty()) {
    const std::vector<std::string> parts = Split(place, ' ');
    if (parts.size() != 2 || !git::IsSha(parts[0]) || !git::IsSha(parts[1]))
      return rpc::BadPageToken();
    start = parts[0];
    after = parts[1];
  } else {
    SLIPWAY_RETURN_IF_ERROR(mirror->Fetch());
    if (start.empty()) {
      SLIPWAY_ASSIGN_OR_RETURN(const auto refs, parts_.cli.ListRemote(remote));
      if (refs.refs.empty()) return v1::ListCommitsResponse();
      start = refs.default_branch.empty() ? refs.refs[0].name : refs.default_branch;
    }
  }
  return mirror->Read([&](const git::Repository& repo) -> absl::StatusOr<v1::ListCommitsResponse> {
    SLIPWAY_ASSIGN_OR_RETURN(const std::string tip, ResolveRevision(repo, start));
    SLIPWAY_ASSIGN_OR_RETURN(const auto commits,
                             repo.ListCommits(tip, static_cast<size_t>(limit) + 1, after));
    v1::ListCommitsResponse response;
    for (size_t i = 0; i < commits.size() && i < static_cast<size_t>(limit); ++i) {
      v1::Commit* out = response.add_commits();
      out->set_sha(commits[i].sha);
      out->set_subject(commits[i].Subject());
      out->set_author(PersonOf(commits[i].author));
      *out->mutable_commit_time() = rpc::ToTimestamp(commits[i].commit_time);
      for (const std::string& parent : commits[i].parents) out->add_parents(parent);
    }
    if (commits.size() > static_cast<size_t>(limit)) {
      response.set_next_page_token(
          rpc::PageToken(list, tip + " " + response.commits().rbegin()->sha()));
    }
    return response;
  });
}

absl::StatusOr<v1::ListChangedPathsResponse> Repositories::ListChangedPaths(
    const Caller& caller, const v1::ListChangedPathsRequest& request) const {
  if (!git::IsSha(request.after())) return InvalidField("after", "must be 40 hex digits");
  if (!request.before().empty() && !git::IsSha(request.before()))
    return InvalidField("before", "must be 40 hex digits");
  SLIPWAY_ASSIGN_OR_RETURN(const int limit,
                           rpc::PageSize(request.page_size(), kMaxPaths, kMaxPaths));
  SLIPWAY_ASSIGN_OR_RETURN(const v1::Repository repository,
                           Find(caller, request.app(), request.repository()));
  SLIPWAY_ASSIGN_OR_RETURN(const git::GitRemote remote, RemoteOf(caller, repository));
  SLIPWAY_ASSIGN_OR_RETURN(const auto mirror, parts_.mirrors.Get(remote));
  SLIPWAY_RETURN_IF_ERROR(mirror->EnsureCommit(request.after()));
  const std::string before = request.before().empty() ? std::string(40, '0') : request.before();
  return mirror->Read(
      [&](const git::Repository& repo) -> absl::StatusOr<v1::ListChangedPathsResponse> {
        SLIPWAY_ASSIGN_OR_RETURN(const git::ChangedPaths changed,
                                 repo.GetChangedPaths(before, request.after(), request.ref()));
        v1::ListChangedPathsResponse response;
        for (const std::string& path : changed.paths) {
          if (response.paths_size() == limit) break;
          response.add_paths(path);
        }
        response.set_truncated(!changed.complete ||
                               changed.paths.size() > static_cast<size_t>(limit));
        return response;
      });
}

absl::StatusOr<plan::CommitFacts> Repositories::Resolve(const Caller& caller,
                                                        const v1::Repository& repository,
                                                        const v1::BuildFrom& from,
                                                        const std::string& commit,
                                                        const std::string& ref) const {
  std::string branch = BranchOf(ref);
  if (!ref.empty() && !Builds(from, branch)) {
    const bool by_name = from.ref_case() == v1::BuildFrom::kBranch;
    return RefNotBuilt(branch.empty() ? ref : branch, by_name ? "branch" : "branchRegex",
                       by_name ? from.branch() : from.branch_regex());
  }
  if (branch.empty() && from.ref_case() == v1::BuildFrom::kBranch) branch = from.branch();
  if (branch.empty() && commit.empty()) return RefNeeded(from.branch_regex());
  SLIPWAY_ASSIGN_OR_RETURN(const git::GitRemote remote, RemoteOf(caller, repository));
  SLIPWAY_ASSIGN_OR_RETURN(const auto mirror, parts_.mirrors.Get(remote));
  const auto read = [&](const git::Repository& repo) {
    return ResolveIn(repo, from, commit, branch);
  };
  if (git::IsSha(commit)) {
    // A commit says all that a fetch could: with what is here, it may be enough.
    absl::StatusOr<plan::CommitFacts> facts = mirror->Read(read);
    if (facts.ok()) return facts;
  }
  SLIPWAY_RETURN_IF_ERROR(mirror->Fetch());
  return mirror->Read(read);
}

}  // namespace slipway::pipeline
