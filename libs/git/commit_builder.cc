#include "libs/git/commit_builder.h"

#include <vector>

#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/git/errors.h"
#include "libs/git/handles.h"
#include "libs/git/lookup.h"

namespace slipway::git {
namespace {

absl::Status CheckPath(const std::string& path) {
  if (path.empty() || path.size() > 4096) return PathRefused(path, "is empty or too long");
  if (path.find('\0') != std::string::npos) return PathRefused(path, "contains a NUL byte");
  for (const std::string& part : Split(path, '/')) {
    if (part.empty() || part == "." || part == "..")
      return PathRefused(path, "has an empty, '.' or '..' part");
    if (ToLower(part) == ".git") return PathRefused(path, "has a part '.git'");
  }
  return absl::OkStatus();
}

bool Contains(git_tree* tree, const std::string& path) {
  git_tree_entry* entry = nullptr;
  if (tree == nullptr || git_tree_entry_bypath(&entry, tree, path.c_str()) != 0) return false;
  git_tree_entry_free(entry);
  return true;
}

absl::StatusOr<TreeHandle> EmptyTree(git_repository* repo) {
  git_treebuilder* raw = nullptr;
  SLIPWAY_RETURN_IF_ERROR(Check(git_treebuilder_new(&raw, repo, nullptr), "tree"));
  const TreeBuilderHandle builder(raw);
  git_oid id;
  SLIPWAY_RETURN_IF_ERROR(Check(git_treebuilder_write(&id, raw), "tree"));
  git_tree* tree = nullptr;
  SLIPWAY_RETURN_IF_ERROR(Check(git_tree_lookup(&tree, repo, &id), "tree"));
  return TreeHandle(tree);
}

absl::StatusOr<SignatureHandle> SignatureOf(const Identity& identity, absl::Time time) {
  git_signature* raw = nullptr;
  SLIPWAY_RETURN_IF_ERROR(
      Check(git_signature_new(&raw, identity.name.c_str(), identity.email.c_str(),
                              absl::ToUnixSeconds(time), 0),
            "author"));
  return SignatureHandle(raw);
}

}  // namespace

void CommitBuilder::Put(const std::string& path, std::string_view content) {
  changes_[path] = std::string(content);
}
void CommitBuilder::Remove(const std::string& path) { changes_[path] = std::nullopt; }

absl::StatusOr<std::optional<std::string>> CommitBuilder::Commit(const std::string& message,
                                                                 const Identity& author,
                                                                 absl::Time time) const {
  git_repository* repo = repository_.handle_.get();
  CommitHandle parent;
  TreeHandle base_tree;
  if (base_.empty()) {
    SLIPWAY_ASSIGN_OR_RETURN(base_tree, EmptyTree(repo));
  } else {
    SLIPWAY_ASSIGN_OR_RETURN(parent, LookupCommit(repo, base_));
    SLIPWAY_ASSIGN_OR_RETURN(base_tree, TreeOf(parent.get()));
  }

  std::vector<git_tree_update> updates;
  for (const auto& [path, content] : changes_) {
    SLIPWAY_RETURN_IF_ERROR(CheckPath(path));
    git_tree_update update{};
    update.path = path.c_str();
    update.filemode = GIT_FILEMODE_BLOB;
    if (content) {
      update.action = GIT_TREE_UPDATE_UPSERT;
      SLIPWAY_RETURN_IF_ERROR(Check(
          git_blob_create_from_buffer(&update.id, repo, content->data(), content->size()), path));
    } else {
      if (!Contains(base_tree.get(), path)) continue;
      update.action = GIT_TREE_UPDATE_REMOVE;
    }
    updates.push_back(update);
  }
  git_oid tree_id = *git_tree_id(base_tree.get());
  if (!updates.empty()) {
    const int code =
        git_tree_create_updated(&tree_id, repo, base_tree.get(), updates.size(), updates.data());
    if (code < 0 && git_error_last() != nullptr && git_error_last()->klass == GIT_ERROR_TREE) {
      return PathRefused(updates.front().path,
                         std::string("can't be written: ") + git_error_last()->message);
    }
    SLIPWAY_RETURN_IF_ERROR(Check(code, "tree"));
  }
  if (git_oid_equal(&tree_id, git_tree_id(base_tree.get()))) return std::nullopt;

  git_tree* raw_tree = nullptr;
  SLIPWAY_RETURN_IF_ERROR(Check(git_tree_lookup(&raw_tree, repo, &tree_id), "tree"));
  const TreeHandle tree(raw_tree);
  SLIPWAY_ASSIGN_OR_RETURN(const SignatureHandle signature, SignatureOf(author, time));
  const git_commit* parents[] = {parent.get()};
  git_oid id;
  SLIPWAY_RETURN_IF_ERROR(
      Check(git_commit_create(&id, repo, nullptr, signature.get(), signature.get(), "UTF-8",
                              message.c_str(), tree.get(), parent ? 1 : 0, parents),
            "commit"));
  return ShaOf(&id);
}

}  // namespace slipway::git
