#include "services/gitops/domain/desired_repository.h"

#include <algorithm>

#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/git/commit_builder.h"

namespace slipway::gitops {
namespace {

constexpr int kPushAttempts = 8;
// How far back a commit of ours is looked for.
constexpr size_t kSearchDepth = 2000;
constexpr size_t kMaxManifestBytes = 32 << 20;  // what the reader of manifests takes

std::string RefOf(const RepositoryAccess& access) { return "refs/heads/" + access.branch; }

absl::StatusOr<std::string> HeadIn(const git::Repository& repository, const std::string& ref) {
  absl::StatusOr<std::string> head = repository.Resolve(ref);
  if (absl::IsNotFound(head.status())) return std::string();
  return head;
}

// The newest commit for each key in the history of `head`, as far as it is searched.
absl::StatusOr<std::map<std::string, std::string>> FindCommits(const git::Repository& repository,
                                                               const std::string& head) {
  std::map<std::string, std::string> found;
  if (head.empty()) return found;
  SLIPWAY_ASSIGN_OR_RETURN(const auto commits, repository.ListCommits(head, kSearchDepth));
  const std::string prefix = std::string(DesiredRepository::kTrailer) + ": ";
  for (const git::Commit& commit : commits) {
    for (const std::string& line : Split(commit.message, '\n')) {
      if (line.rfind(prefix, 0) == 0) found.emplace(line.substr(prefix.size()), commit.sha);
    }
  }
  return found;
}

absl::StatusOr<FolderState> FolderIn(const git::Repository& repository, const std::string& commit,
                                     const std::string& folder) {
  FolderState state;
  if (commit.empty()) return state;
  absl::StatusOr<std::string> tree = repository.TreeId(commit, folder);
  if (absl::IsNotFound(tree.status())) return state;
  SLIPWAY_RETURN_IF_ERROR(tree.status());
  SLIPWAY_ASSIGN_OR_RETURN(const auto names, repository.ListFolder(commit, folder));
  for (const std::string& name : names) {
    if (name.back() == '/') continue;
    SLIPWAY_ASSIGN_OR_RETURN(std::string text,
                             repository.ReadFile(commit, folder + "/" + name, kMaxManifestBytes));
    state.files.push_back({name, std::move(text)});
  }
  state.tree = *std::move(tree);
  return state;
}

// One commit on `head`; `head` itself if it changes nothing.
absl::StatusOr<std::string> Build(const git::Repository& repository, const std::string& head,
                                  const FolderCommit& commit) {
  git::CommitBuilder builder(repository, head);
  if (commit.files.empty()) {
    builder.Remove(commit.folder);
  } else {
    SLIPWAY_ASSIGN_OR_RETURN(const FolderState before, FolderIn(repository, head, commit.folder));
    for (const Manifest& old : before.files) {
      const bool kept = std::any_of(commit.files.begin(), commit.files.end(),
                                    [&](const Manifest& file) { return file.file == old.file; });
      if (!kept) builder.Remove(commit.folder + "/" + old.file);
    }
    for (const Manifest& file : commit.files)
      builder.Put(commit.folder + "/" + file.file, file.text);
  }
  SLIPWAY_ASSIGN_OR_RETURN(
      const auto sha,
      builder.Commit(commit.message, {"Slipway", "slipway@localhost"}, commit.time));
  return sha.value_or(head);
}

}  // namespace

RepositoryAccess RepositoryAccess::For(const std::string& project) const {
  RepositoryAccess access = *this;
  if (const auto found = own.find(project); found != own.end()) access.url = found->second.url;
  access.own.clear();
  return access;
}

bool RepositoryAccess::IsMade(const std::string& project) const {
  const auto found = own.find(project);
  return found == own.end() || found->second.made;
}

std::vector<RepositoryAccess> RepositoryAccess::All() const {
  std::vector<RepositoryAccess> all = {For("")};
  for (const auto& [project, repository] : own) {
    const std::string& there = repository.url;
    const bool listed =
        std::any_of(all.begin(), all.end(), [&there](const auto& a) { return a.url == there; });
    if (repository.made && !listed) all.push_back(For(project));
  }
  return all;
}

absl::StatusOr<std::shared_ptr<git::Mirror>> DesiredRepository::MirrorOf(
    const RepositoryAccess& access) {
  SLIPWAY_RETURN_IF_ERROR(guard_.CheckUrl(access.url));
  return mirrors_.Get({.url = access.url,
                       .username = access.username,
                       .password = access.token,
                       .tls = access.tls});
}

absl::StatusOr<std::vector<std::string>> DesiredRepository::Commit(
    const RepositoryAccess& access, const std::vector<FolderCommit>& commits) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto mirror, MirrorOf(access));
  const std::string ref = RefOf(access);
  MutexLock lock(commit_mu_);
  bool look = std::any_of(commits.begin(), commits.end(),
                          [](const FolderCommit& c) { return c.look_first; });
  if (look) SLIPWAY_RETURN_IF_ERROR(mirror->Fetch());
  absl::Status last;
  for (int attempt = 0; attempt < kPushAttempts; ++attempt) {
    std::string base;
    std::string head;
    std::vector<std::string> ids;
    const auto build = [&](const git::Repository& repository) -> absl::Status {
      ids.clear();
      SLIPWAY_ASSIGN_OR_RETURN(base, HeadIn(repository, ref));
      head = base;
      std::map<std::string, std::string> there;
      if (look) {
        SLIPWAY_ASSIGN_OR_RETURN(there, FindCommits(repository, base));
      }
      for (const FolderCommit& commit : commits) {
        if (const auto found = there.find(commit.key);
            found != there.end() && !commit.key.empty()) {
          ids.push_back(found->second);
          continue;
        }
        SLIPWAY_ASSIGN_OR_RETURN(head, Build(repository, head, commit));
        ids.push_back(head);
      }
      return absl::OkStatus();
    };
    SLIPWAY_RETURN_IF_ERROR(mirror->Read(build));
    if (head == base) return ids;
    last = mirror->Push(ref, base, head);
    if (last.ok()) return ids;
    if (!absl::IsAborted(last)) return last;
    SLIPWAY_RETURN_IF_ERROR(mirror->Fetch());
    look = true;
  }
  return last;
}

absl::Status DesiredRepository::Fetch(const RepositoryAccess& access) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto mirror, MirrorOf(access));
  return mirror->Fetch();
}

absl::StatusOr<std::string> DesiredRepository::Head(const RepositoryAccess& access) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto mirror, MirrorOf(access));
  return mirror->Read(
      [&](const git::Repository& repository) { return HeadIn(repository, RefOf(access)); });
}

absl::StatusOr<bool> DesiredRepository::Knows(const RepositoryAccess& access,
                                              const std::string& commit) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto mirror, MirrorOf(access));
  return mirror->Read([&](const git::Repository& repository) -> absl::StatusOr<bool> {
    return repository.HasCommit(commit);
  });
}

absl::StatusOr<std::vector<AppEnvironment>> DesiredRepository::Changed(
    const RepositoryAccess& access, const std::string& before, const std::string& after) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto mirror, MirrorOf(access));
  SLIPWAY_ASSIGN_OR_RETURN(const auto folders, mirror->Read([&](const git::Repository& repository) {
    return repository.GetChangedFolders(before, after, 3);
  }));
  std::vector<AppEnvironment> changed;
  for (const std::string& folder : folders) {
    const std::vector<std::string> names = Split(folder, '/');
    changed.push_back({names[0], names[1], names[2]});
  }
  return changed;
}

absl::StatusOr<FolderState> DesiredRepository::Folder(const RepositoryAccess& access,
                                                      const std::string& commit,
                                                      const AppEnvironment& where) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto mirror, MirrorOf(access));
  return mirror->Read([&](const git::Repository& repository) -> absl::StatusOr<FolderState> {
    if (commit.empty()) return FolderState{};
    const absl::StatusOr<std::string> tree = repository.TreeId(commit, where.Folder());
    if (tree.ok()) {
      if (auto known = folders_.Find(*tree)) return FolderState{*tree, *std::move(known)};
    }
    SLIPWAY_ASSIGN_OR_RETURN(FolderState state, FolderIn(repository, commit, where.Folder()));
    if (!state.tree.empty()) folders_.Put(state.tree, state.files);
    return state;
  });
}

absl::StatusOr<std::vector<AppEnvironment>> DesiredRepository::ListFolders(
    const RepositoryAccess& access, const std::string& commit) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto mirror, MirrorOf(access));
  return mirror->Read(
      [&](const git::Repository& repository) -> absl::StatusOr<std::vector<AppEnvironment>> {
        std::vector<AppEnvironment> found;
        if (commit.empty()) return found;
        const auto folders =
            [&](const std::string& path) -> absl::StatusOr<std::vector<std::string>> {
          SLIPWAY_ASSIGN_OR_RETURN(const auto names, repository.ListFolder(commit, path));
          std::vector<std::string> only;
          for (const std::string& name : names) {
            if (name.back() == '/') only.push_back(name.substr(0, name.size() - 1));
          }
          return only;
        };
        SLIPWAY_ASSIGN_OR_RETURN(const auto projects, folders(""));
        for (const std::string& project : projects) {
          SLIPWAY_ASSIGN_OR_RETURN(const auto apps, folders(project));
          for (const std::string& app : apps) {
            SLIPWAY_ASSIGN_OR_RETURN(const auto environments, folders(project + "/" + app));
            for (const std::string& environment : environments)
              found.push_back({project, app, environment});
          }
        }
        return found;
      });
}

}  // namespace slipway::gitops
