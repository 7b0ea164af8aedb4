#include "libs/git/repository.h"

#include <algorithm>

#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/git/errors.h"
#include "libs/git/handles.h"
#include "libs/git/lookup.h"
#include "libs/git/names.h"

namespace slipway::git {
namespace {

constexpr size_t kMaxMessage = 64 << 10;
constexpr char kKeepPrefix[] = "refs/pipelines/";

Identity IdentityOf(const git_signature* signature) {
  if (signature == nullptr) return {};
  return {ToValidUtf8(signature->name), ToValidUtf8(signature->email)};
}

absl::Time TimeOf(const git_signature* signature) {
  return signature == nullptr ? absl::UnixEpoch() : absl::FromUnixSeconds(signature->when.time);
}

Commit CommitOf(const git_commit* handle) {
  Commit out;
  out.sha = ShaOf(git_commit_id(handle));
  for (unsigned i = 0; i < git_commit_parentcount(handle); ++i)
    out.parents.push_back(ShaOf(git_commit_parent_id(handle, i)));
  out.author = IdentityOf(git_commit_author(handle));
  out.author_time = TimeOf(git_commit_author(handle));
  out.committer = IdentityOf(git_commit_committer(handle));
  out.commit_time = TimeOf(git_commit_committer(handle));
  const char* message = git_commit_message(handle);
  out.message = Truncate(ToValidUtf8(message != nullptr ? message : ""), kMaxMessage);
  return out;
}

// The commit that a ref leads to; nothing if the ref does not exist or leads to no commit.
absl::StatusOr<std::optional<std::string>> CommitOfRef(git_repository* repo,
                                                       const std::string& name) {
  git_oid id;
  const int code = git_reference_name_to_id(&id, repo, name.c_str());
  if (code == GIT_ENOTFOUND || code == GIT_EINVALIDSPEC) return std::nullopt;
  SLIPWAY_RETURN_IF_ERROR(Check(code, name));
  git_object* object = nullptr;
  SLIPWAY_RETURN_IF_ERROR(Check(git_object_lookup(&object, repo, &id, GIT_OBJECT_ANY), name));
  const ObjectHandle owned(object);
  git_object* peeled = nullptr;
  const int peel = git_object_peel(&peeled, object, GIT_OBJECT_COMMIT);
  if (peel == GIT_EPEEL || peel == GIT_EINVALIDSPEC)
    return std::nullopt;  // a tag of a blob or tree
  SLIPWAY_RETURN_IF_ERROR(Check(peel, name));
  const ObjectHandle commit(peeled);
  return ShaOf(git_object_id(peeled));
}

}  // namespace

std::string Commit::Subject() const { return message.substr(0, message.find('\n')); }

void Repository::Deleter::operator()(git_repository* handle) const { git_repository_free(handle); }
Repository::Repository(std::unique_ptr<git_repository, Deleter> handle)
    : handle_(std::move(handle)) {}
Repository::Repository(Repository&&) noexcept = default;
Repository& Repository::operator=(Repository&&) noexcept = default;
Repository::~Repository() = default;

absl::StatusOr<Repository> Repository::Open(const std::string& git_dir) {
  InitLibrary();
  git_repository* handle = nullptr;
  SLIPWAY_RETURN_IF_ERROR(Check(git_repository_open_bare(&handle, git_dir.c_str()), git_dir));
  return Repository(std::unique_ptr<git_repository, Deleter>(handle));
}

absl::StatusOr<std::string> Repository::Resolve(const std::string& revision) const {
  git_repository* repo = handle_.get();
  if (IsSha(revision)) {
    if (HasCommit(revision)) return revision;
    return RevisionNotFound(revision);
  }
  SLIPWAY_RETURN_IF_ERROR(ValidateRefName(revision));
  for (const std::string prefix : {"", "refs/heads/", "refs/tags/"}) {
    const std::string name = prefix + revision;
    if (!name.starts_with("refs/")) continue;
    SLIPWAY_ASSIGN_OR_RETURN(std::optional<std::string> sha, CommitOfRef(repo, name));
    if (sha) return *std::move(sha);
  }
  const std::string lower = ToLower(revision);
  if (lower.size() < 4 || lower.size() > 40 ||
      lower.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return RevisionNotFound(revision);
  }
  git_oid prefix;
  SLIPWAY_RETURN_IF_ERROR(Check(git_oid_fromstrn(&prefix, lower.data(), lower.size()), revision));
  git_commit* commit = nullptr;
  const int code = git_commit_lookup_prefix(&commit, repo, &prefix, lower.size());
  if (code == GIT_ENOTFOUND) return RevisionNotFound(revision);
  if (code == GIT_EAMBIGUOUS) return RevisionAmbiguous(revision);
  SLIPWAY_RETURN_IF_ERROR(Check(code, revision));
  return ShaOf(git_commit_id(CommitHandle(commit).get()));
}

bool Repository::HasCommit(const std::string& sha) const {
  return LookupCommit(handle_.get(), sha).ok();
}

absl::StatusOr<Commit> Repository::GetCommit(const std::string& sha) const {
  SLIPWAY_ASSIGN_OR_RETURN(const CommitHandle commit, LookupCommit(handle_.get(), sha));
  return CommitOf(commit.get());
}

absl::StatusOr<std::vector<Ref>> Repository::ListRefs(const std::string& prefix) const {
  git_reference_iterator* raw = nullptr;
  SLIPWAY_RETURN_IF_ERROR(Check(git_reference_iterator_new(&raw, handle_.get()), "refs"));
  const ReferenceIteratorHandle iterator(raw);
  std::vector<Ref> out;
  const char* name = nullptr;
  int code = 0;
  while ((code = git_reference_next_name(&name, raw)) == 0) {
    if (!std::string_view(name).starts_with(prefix)) continue;
    SLIPWAY_ASSIGN_OR_RETURN(std::optional<std::string> sha, CommitOfRef(handle_.get(), name));
    if (sha) out.push_back({name, *std::move(sha)});
  }
  if (code != GIT_ITEROVER) SLIPWAY_RETURN_IF_ERROR(Check(code, "refs"));
  std::sort(out.begin(), out.end(), [](const Ref& a, const Ref& b) { return a.name < b.name; });
  return out;
}

absl::StatusOr<std::vector<Commit>> Repository::ListCommits(const std::string& revision,
                                                            size_t limit,
                                                            const std::string& after) const {
  SLIPWAY_ASSIGN_OR_RETURN(const std::string start, Resolve(revision));
  git_repository* repo = handle_.get();
  git_revwalk* raw = nullptr;
  SLIPWAY_RETURN_IF_ERROR(Check(git_revwalk_new(&raw, repo), "history"));
  const RevwalkHandle walk(raw);
  // Parents after their children, by time otherwise: the order stays the same from page to page.
  git_revwalk_sorting(raw, GIT_SORT_TOPOLOGICAL | GIT_SORT_TIME);
  SLIPWAY_ASSIGN_OR_RETURN(const git_oid start_id, ParseSha(start));
  SLIPWAY_RETURN_IF_ERROR(Check(git_revwalk_push(raw, &start_id), start));
  std::vector<Commit> out;
  bool skipping = !after.empty();
  git_oid id;
  int code = 0;
  while (out.size() < limit && (code = git_revwalk_next(&id, raw)) == 0) {
    if (skipping) {
      skipping = ShaOf(&id) != after;
      continue;
    }
    git_commit* commit = nullptr;
    SLIPWAY_RETURN_IF_ERROR(Check(git_commit_lookup(&commit, repo, &id), ShaOf(&id)));
    out.push_back(CommitOf(CommitHandle(commit).get()));
  }
  if (code != 0 && code != GIT_ITEROVER) SLIPWAY_RETURN_IF_ERROR(Check(code, "history"));
  if (skipping) return RevisionNotFound(after);
  return out;
}

absl::StatusOr<bool> Repository::IsAncestor(const std::string& ancestor,
                                            const std::string& commit) const {
  SLIPWAY_RETURN_IF_ERROR(LookupCommit(handle_.get(), ancestor).status());
  SLIPWAY_RETURN_IF_ERROR(LookupCommit(handle_.get(), commit).status());
  if (ancestor == commit) return true;
  SLIPWAY_ASSIGN_OR_RETURN(const git_oid ancestor_id, ParseSha(ancestor));
  SLIPWAY_ASSIGN_OR_RETURN(const git_oid commit_id, ParseSha(commit));
  const int code = git_graph_descendant_of(handle_.get(), &commit_id, &ancestor_id);
  SLIPWAY_RETURN_IF_ERROR(Check(code, commit));
  return code == 1;
}

absl::Status Repository::CreateKeepRef(const std::string& id, const std::string& commit) const {
  const std::string name = kKeepPrefix + id;
  SLIPWAY_RETURN_IF_ERROR(ValidateRefName(name));
  SLIPWAY_RETURN_IF_ERROR(LookupCommit(handle_.get(), commit).status());
  SLIPWAY_ASSIGN_OR_RETURN(const git_oid target, ParseSha(commit));
  git_reference* reference = nullptr;
  const int code =
      git_reference_create(&reference, handle_.get(), name.c_str(), &target, 1, nullptr);
  const ReferenceHandle owned(reference);
  return Check(code, name);
}

absl::Status Repository::DeleteKeepRef(const std::string& id) const {
  const std::string name = kKeepPrefix + id;
  SLIPWAY_RETURN_IF_ERROR(ValidateRefName(name));
  const int code = git_reference_remove(handle_.get(), name.c_str());
  return code == GIT_ENOTFOUND ? absl::OkStatus() : Check(code, name);
}

absl::Status Repository::MoveRef(const std::string& ref, const std::string& old_sha,
                                 const std::string& sha) const {
  SLIPWAY_RETURN_IF_ERROR(ValidateRefName(ref));
  SLIPWAY_RETURN_IF_ERROR(LookupCommit(handle_.get(), sha).status());
  SLIPWAY_ASSIGN_OR_RETURN(const git_oid target, ParseSha(sha));
  git_reference* reference = nullptr;
  int code = 0;
  if (old_sha.empty()) {
    code = git_reference_create(&reference, handle_.get(), ref.c_str(), &target, 0, nullptr);
  } else {
    SLIPWAY_ASSIGN_OR_RETURN(const git_oid current, ParseSha(old_sha));
    code = git_reference_create_matching(&reference, handle_.get(), ref.c_str(), &target, 1,
                                         &current, nullptr);
  }
  const ReferenceHandle owned(reference);
  if (code == GIT_EMODIFIED || code == GIT_EEXISTS || code == GIT_ENOTFOUND ||
      code == GIT_ELOCKED) {
    return PushRejected(ref, "it no longer points to the expected commit");
  }
  return Check(code, ref);
}

}  // namespace slipway::git
