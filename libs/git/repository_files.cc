// Files and folders of a commit.
#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/git/errors.h"
#include "libs/git/handles.h"
#include "libs/git/lookup.h"
#include "libs/git/repository.h"

namespace slipway::git {
namespace {

constexpr int kMaxLinks = 10;
constexpr size_t kMaxLinkLength = 4096;
constexpr int kMaxDepth = 64;

// A path inside the tree as its parts; GIT_PATH_REFUSED for one that is absolute or leaves the
// tree.
absl::StatusOr<std::vector<std::string>> PartsOf(const std::string& path) {
  if (path.starts_with('/')) return PathRefused(path, "is absolute");
  if (path.find('\0') != std::string::npos) return PathRefused(path, "contains a NUL byte");
  std::vector<std::string> parts;
  for (std::string& part : Split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return PathRefused(path, "contains '..'");
    parts.push_back(std::move(part));
  }
  return parts;
}

std::string BlobText(const git_blob* blob) {
  return {static_cast<const char*>(git_blob_rawcontent(blob)),
          static_cast<size_t>(git_blob_rawsize(blob))};
}

// The content of a blob, which is `what` in errors.
absl::StatusOr<std::string> ReadBlobOf(git_repository* repo, const std::string& id,
                                       const std::string& what, size_t max_bytes) {
  SLIPWAY_ASSIGN_OR_RETURN(const git_oid oid, ParseSha(id));
  git_blob* raw = nullptr;
  SLIPWAY_RETURN_IF_ERROR(Check(git_blob_lookup(&raw, repo, &oid), what));
  const BlobHandle blob(raw);
  const size_t size = static_cast<size_t>(git_blob_rawsize(raw));
  if (size > max_bytes) return FileTooLarge(what, size, max_bytes);
  return BlobText(raw);
}

// Walks a tree part by part and follows the symbolic links on the way.
class PathWalk {
 public:
  PathWalk(git_repository* repo, const std::string& path, const std::string& commit)
      : repo_(repo), path_(path), commit_(commit) {}

  // The file or folder at the end of the path.
  absl::StatusOr<TreeEntry> Find(git_tree* root) {
    SLIPWAY_ASSIGN_OR_RETURN(left_, PartsOf(path_));
    std::reverse(left_.begin(), left_.end());
    while (!left_.empty()) {
      const std::string part = std::move(left_.back());
      left_.pop_back();
      if (part == "..") {
        if (folders_.empty())
          return PathRefused(path_, "leads out of the repository by a symbolic link");
        folders_.pop_back();
        names_.pop_back();
        continue;
      }
      const git_tree_entry* entry =
          git_tree_entry_byname(folders_.empty() ? root : folders_.back().get(), part.c_str());
      if (entry == nullptr) return FileNotFound(path_, commit_);
      const git_filemode_t mode = git_tree_entry_filemode(entry);
      if (mode == GIT_FILEMODE_TREE) {
        SLIPWAY_RETURN_IF_ERROR(Enter(entry));
      } else if (mode == GIT_FILEMODE_LINK) {
        SLIPWAY_RETURN_IF_ERROR(Follow(entry));
      } else if (mode != GIT_FILEMODE_COMMIT && left_.empty()) {
        names_.push_back(part);
        return TreeEntry{TreeEntry::Kind::kFile, Join(names_, "/"),
                         ShaOf(git_tree_entry_id(entry))};
      } else {
        return FileNotFound(path_, commit_);
      }
    }
    return TreeEntry{TreeEntry::Kind::kFolder, Join(names_, "/"),
                     ShaOf(git_tree_id(folders_.empty() ? root : folders_.back().get()))};
  }

 private:
  absl::Status Enter(const git_tree_entry* entry) {
    git_tree* tree = nullptr;
    SLIPWAY_RETURN_IF_ERROR(Check(git_tree_lookup(&tree, repo_, git_tree_entry_id(entry)), path_));
    folders_.emplace_back(tree);
    names_.emplace_back(git_tree_entry_name(entry));
    return absl::OkStatus();
  }

  absl::StatusOr<BlobHandle> LookupBlob(const git_oid* id) {
    git_blob* blob = nullptr;
    SLIPWAY_RETURN_IF_ERROR(Check(git_blob_lookup(&blob, repo_, id), path_));
    return BlobHandle(blob);
  }

  absl::Status Follow(const git_tree_entry* entry) {
    if (++links_ > kMaxLinks) return PathRefused(path_, "goes through too many symbolic links");
    SLIPWAY_ASSIGN_OR_RETURN(const BlobHandle blob, LookupBlob(git_tree_entry_id(entry)));
    if (git_blob_rawsize(blob.get()) > static_cast<git_object_size_t>(kMaxLinkLength)) {
      return PathRefused(path_, "goes through a symbolic link that is too long");
    }
    const std::string target = BlobText(blob.get());
    if (target.empty() || target.front() == '/') {
      return PathRefused(path_, "leads out of the repository by a symbolic link");
    }
    std::vector<std::string> parts = Split(target, '/');
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
      if (!part->empty() && *part != ".") left_.push_back(std::move(*part));
    }
    return absl::OkStatus();
  }

  git_repository* repo_;
  const std::string& path_;
  const std::string& commit_;
  std::vector<std::string> left_;    // parts to go, the next one last
  std::vector<TreeHandle> folders_;  // from the root's child to where we are
  std::vector<std::string> names_;   // theirs
  int links_ = 0;
};

TreeEntry::Kind KindOf(git_filemode_t mode) {
  switch (mode) {
    case GIT_FILEMODE_TREE:
      return TreeEntry::Kind::kFolder;
    case GIT_FILEMODE_LINK:
      return TreeEntry::Kind::kLink;
    case GIT_FILEMODE_COMMIT:
      return TreeEntry::Kind::kSubmodule;
    default:
      return TreeEntry::Kind::kFile;
  }
}

// Adds all that is below a tree to a list.
struct Lister {
  git_repository* repo;
  size_t max_entries;  // with folders: a few trees can stand for billions of them
  size_t seen = 0;
  std::vector<TreeEntry> found = {};

  absl::Status Add(const git_oid* id, const std::string& prefix, int depth) {
    if (depth > kMaxDepth) return PathRefused(prefix, "is too deep");
    git_tree* raw = nullptr;
    SLIPWAY_RETURN_IF_ERROR(Check(git_tree_lookup(&raw, repo, id), prefix));
    const TreeHandle tree(raw);
    for (size_t i = 0; i < git_tree_entrycount(raw); ++i) {
      const git_tree_entry* entry = git_tree_entry_byindex(raw, i);
      const std::string path = prefix + git_tree_entry_name(entry);
      const TreeEntry::Kind kind = KindOf(git_tree_entry_filemode(entry));
      if (++seen > max_entries) return FolderTooLarge(prefix, max_entries);
      if (kind == TreeEntry::Kind::kFolder) {
        SLIPWAY_RETURN_IF_ERROR(Add(git_tree_entry_id(entry), path + "/", depth + 1));
        continue;
      }
      found.push_back({kind, path, ShaOf(git_tree_entry_id(entry))});
    }
    return absl::OkStatus();
  }
};

// Compares two trees folder by folder.
struct FolderComparison {
  git_repository* repo;
  std::vector<std::string> changed = {};

  // `ids`: of the two trees; nothing where only the other commit has it.
  using Ids = std::array<std::optional<git_oid>, 2>;

  absl::Status Compare(const Ids& ids, const std::string& prefix, int depth) {
    std::map<std::string, Ids> folders;
    for (size_t side = 0; side < ids.size(); ++side) {
      if (!ids[side]) continue;
      git_tree* raw = nullptr;
      SLIPWAY_RETURN_IF_ERROR(Check(git_tree_lookup(&raw, repo, &*ids[side]), prefix));
      const TreeHandle tree(raw);
      for (size_t i = 0; i < git_tree_entrycount(raw); ++i) {
        const git_tree_entry* entry = git_tree_entry_byindex(raw, i);
        if (git_tree_entry_filemode(entry) != GIT_FILEMODE_TREE) continue;
        folders[git_tree_entry_name(entry)][side] = *git_tree_entry_id(entry);
      }
    }
    for (const auto& [name, of] : folders) {
      if (of[0] && of[1] && git_oid_equal(&*of[0], &*of[1])) continue;
      const std::string path = prefix + name;
      if (depth == 1) {
        changed.push_back(path);
      } else {
        SLIPWAY_RETURN_IF_ERROR(Compare(of, path + "/", depth - 1));
      }
    }
    return absl::OkStatus();
  }
};

}  // namespace

absl::StatusOr<std::vector<std::string>> Repository::GetChangedFolders(const std::string& before,
                                                                       const std::string& after,
                                                                       int depth) const {
  FolderComparison::Ids roots;
  for (size_t side = 0; side < roots.size(); ++side) {
    SLIPWAY_ASSIGN_OR_RETURN(const CommitHandle commit,
                             LookupCommit(handle_.get(), side == 0 ? before : after));
    roots[side] = *git_commit_tree_id(commit.get());
  }
  FolderComparison comparison{handle_.get()};
  SLIPWAY_RETURN_IF_ERROR(comparison.Compare(roots, "", depth));
  std::sort(comparison.changed.begin(), comparison.changed.end());
  return std::move(comparison.changed);
}

absl::StatusOr<TreeEntry> Repository::Find(const std::string& commit,
                                           const std::string& path) const {
  SLIPWAY_ASSIGN_OR_RETURN(const CommitHandle handle, LookupCommit(handle_.get(), commit));
  SLIPWAY_ASSIGN_OR_RETURN(const TreeHandle root, TreeOf(handle.get()));
  SLIPWAY_ASSIGN_OR_RETURN(const std::vector<std::string> parts, PartsOf(path));
  if (parts.empty()) return TreeEntry{TreeEntry::Kind::kFolder, "", ShaOf(git_tree_id(root.get()))};
  const std::string plain = Join(parts, "/");
  git_tree_entry* raw = nullptr;
  const int code = git_tree_entry_bypath(&raw, root.get(), plain.c_str());
  if (code == GIT_ENOTFOUND) return FileNotFound(path, commit);
  SLIPWAY_RETURN_IF_ERROR(Check(code, path));
  const TreeEntryHandle entry(raw);
  return TreeEntry{KindOf(git_tree_entry_filemode(raw)), plain, ShaOf(git_tree_entry_id(raw))};
}

absl::StatusOr<std::vector<TreeEntry>> Repository::ListBelow(const std::string& commit,
                                                             const std::string& path,
                                                             size_t max_entries) const {
  SLIPWAY_ASSIGN_OR_RETURN(const TreeEntry top, Find(commit, path));
  if (top.kind != TreeEntry::Kind::kFolder) return FileNotFound(path, commit);
  SLIPWAY_ASSIGN_OR_RETURN(const git_oid id, ParseSha(top.id));
  Lister lister{handle_.get(), max_entries};
  SLIPWAY_RETURN_IF_ERROR(lister.Add(&id, top.path.empty() ? "" : top.path + "/", 0));
  std::sort(lister.found.begin(), lister.found.end(),
            [](const TreeEntry& a, const TreeEntry& b) { return a.path < b.path; });
  return std::move(lister.found);
}

absl::StatusOr<TreeEntry> Repository::Follow(const std::string& commit,
                                             const std::string& path) const {
  SLIPWAY_ASSIGN_OR_RETURN(const CommitHandle handle, LookupCommit(handle_.get(), commit));
  SLIPWAY_ASSIGN_OR_RETURN(const TreeHandle root, TreeOf(handle.get()));
  return PathWalk(handle_.get(), path, commit).Find(root.get());
}

absl::StatusOr<std::string> Repository::ReadBlob(const std::string& id, size_t max_bytes) const {
  return ReadBlobOf(handle_.get(), id, id, max_bytes);
}

absl::StatusOr<std::string> Repository::ReadFile(const std::string& commit, const std::string& path,
                                                 size_t max_bytes) const {
  SLIPWAY_ASSIGN_OR_RETURN(const TreeEntry entry, Follow(commit, path));
  if (entry.kind != TreeEntry::Kind::kFile) return FileNotFound(path, commit);
  return ReadBlobOf(handle_.get(), entry.id, path, max_bytes);
}

absl::StatusOr<std::string> Repository::TreeId(const std::string& commit,
                                               const std::string& path) const {
  SLIPWAY_ASSIGN_OR_RETURN(TreeEntry entry, Find(commit, path));
  return std::move(entry.id);
}

absl::StatusOr<std::vector<std::string>> Repository::ListFolder(const std::string& commit,
                                                                const std::string& path) const {
  SLIPWAY_ASSIGN_OR_RETURN(const std::string id, TreeId(commit, path));
  SLIPWAY_ASSIGN_OR_RETURN(const git_oid oid, ParseSha(id));
  git_tree* raw = nullptr;
  if (git_tree_lookup(&raw, handle_.get(), &oid) != 0) return FileNotFound(path, commit);
  const TreeHandle tree(raw);
  std::vector<std::string> names;
  for (size_t i = 0; i < git_tree_entrycount(raw); ++i) {
    const git_tree_entry* entry = git_tree_entry_byindex(raw, i);
    const bool folder = git_tree_entry_filemode(entry) == GIT_FILEMODE_TREE;
    names.push_back(std::string(git_tree_entry_name(entry)) + (folder ? "/" : ""));
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace slipway::git
