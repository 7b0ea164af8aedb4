#include "services/gitops/source/source_tree.h"

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "services/gitops/source/errors.h"

namespace slipway::gitops {
namespace {

using GitKind = git::TreeEntry::Kind;

// A damaged mirror is to be repaired; all else that git says of a path is about the path.
absl::Status AboutPath(const std::string& path, const absl::Status& status) {
  if (absl::IsDataLoss(status) || absl::IsResourceExhausted(status)) return status;
  const std::string message = MessageOf(status);
  return SourceInvalid(path,
                       absl::IsNotFound(status) ? "the symbolic link leads to nothing" : message);
}

// Git objects are written by whoever pushes: a tree may hold names that no file system allows.
bool IsPlainPath(const std::string& path) {
  for (const std::string& part : Split(path, '/')) {
    if (part.empty() || part == "." || part == "..") return false;
  }
  return path.find('\0') == std::string::npos;
}

absl::Status Submodule(const std::string& path) {
  return SourceInvalid(path,
                       "is a submodule; submodules are not fetched, so put the files into "
                       "the repository itself");
}

}  // namespace

absl::StatusOr<std::string> SourceTree::Join(std::string_view from, std::string_view relative) {
  if (relative.starts_with('/')) return SourceInvalid(relative, "is an absolute path");
  std::vector<std::string> parts;
  for (const std::string& part : Split(std::string(from) + "/" + std::string(relative), '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (parts.empty()) {
      return SourceInvalid(relative, "leads out of the repository");
    } else {
      parts.pop_back();
    }
  }
  return slipway::Join(parts, "/");
}

absl::StatusOr<SourceTree::Entry> SourceTree::FollowLink(const std::string& path) const {
  const auto target = repository_.Follow(commit_, path);
  if (!target.ok()) return AboutPath(path, target.status());
  if (target->kind == GitKind::kFile) return Entry{Kind::kFile, target->id};
  return SourceInvalid(path, "is a symbolic link to a folder; links to files only are followed");
}

absl::StatusOr<SourceTree::Entry> SourceTree::Find(const std::string& path) const {
  const auto entry = repository_.Find(commit_, path);
  if (absl::IsNotFound(entry.status())) {
    // Perhaps there is a link on the way.
    const auto target = repository_.Follow(commit_, path);
    if (absl::IsNotFound(target.status())) return Entry{};
    return FollowLink(path);
  }
  SLIPWAY_RETURN_IF_ERROR(entry.status());
  switch (entry->kind) {
    case GitKind::kFile:
      return Entry{Kind::kFile, entry->id};
    case GitKind::kFolder:
      return Entry{Kind::kFolder, entry->id};
    case GitKind::kLink:
      return FollowLink(path);
    case GitKind::kSubmodule:
      break;
  }
  return Submodule(path);
}

absl::StatusOr<std::vector<SourceFile>> SourceTree::ListBelow(const std::string& folder) const {
  SLIPWAY_ASSIGN_OR_RETURN(const auto entries,
                           repository_.ListBelow(commit_, folder, kMaxSourceFiles));
  std::vector<SourceFile> files;
  for (const git::TreeEntry& entry : entries) {
    if (!IsPlainPath(entry.path)) return SourceInvalid(entry.path, "is no path of a file");
    if (entry.kind == GitKind::kSubmodule) return Submodule(entry.path);
    std::string id = entry.id;
    if (entry.kind == GitKind::kLink) {
      SLIPWAY_ASSIGN_OR_RETURN(const Entry target, FollowLink(entry.path));
      id = target.id;
    }
    files.push_back({entry.path, std::move(id)});
  }
  return files;
}

absl::StatusOr<std::string> SourceTree::Read(const SourceFile& file) const {
  SLIPWAY_ASSIGN_OR_RETURN(std::string text, repository_.ReadBlob(file.id, kMaxSourceFileBytes));
  if (text.starts_with("version https://git-lfs.github.com/spec/")) {
    return SourceInvalid(file.path, "is kept in Git LFS, which is not fetched");
  }
  return text;
}

}  // namespace slipway::gitops
