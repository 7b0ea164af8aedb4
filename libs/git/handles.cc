#include "libs/git/handles.h"

#include "libs/git/errors.h"

namespace slipway::git {
namespace {

constexpr size_t kMaxCachedTree = 1 << 20;
constexpr ssize_t kMaxCached = 16 << 20;  // of all open repositories

}  // namespace

void InitLibrary() {
  static const bool done = [] {
    git_libgit2_init();
    for (const int level : {GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM,
                            GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL}) {
      git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
    }
    // By itself libgit2 keeps no tree of more than 4 KiB: the one of 1,000 folders was read from
    // its pack for each of them.
    git_libgit2_opts(GIT_OPT_SET_CACHE_OBJECT_LIMIT, GIT_OBJECT_TREE, kMaxCachedTree);
    git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, kMaxCached);
    return true;
  }();
  (void)done;
}

absl::Status Check(int code, std::string_view what) {
  if (code >= 0) return absl::OkStatus();
  const git_error* error = git_error_last();
  const std::string detail =
      std::string(what) + ": " + (error != nullptr ? error->message : "unknown cause");
  const int kind = error != nullptr ? error->klass : GIT_ERROR_NONE;
  if (kind == GIT_ERROR_ODB || kind == GIT_ERROR_ZLIB || kind == GIT_ERROR_OBJECT ||
      kind == GIT_ERROR_OS || kind == GIT_ERROR_REPOSITORY || kind == GIT_ERROR_REFERENCE) {
    return MirrorDamaged(detail);
  }
  return CommandFailed("git", detail);
}

std::string ShaOf(const git_oid* id) {
  char text[GIT_OID_HEXSZ + 1];
  git_oid_tostr(text, sizeof text, id);
  return text;
}

}  // namespace slipway::git
