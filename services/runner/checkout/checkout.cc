#include "services/runner/checkout/checkout.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>
#include <vector>

#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/base/unique_fd.h"
#include "libs/git/names.h"
#include "services/runner/errors.h"

namespace slipway::runner {
namespace {

constexpr char kCommitRefs[] = "refs/slipway/";
constexpr size_t kCommitRefsKept = 64;

// A file of the new repository: it lives as long as its job, so nothing is synced.
absl::Status WriteAt(int folder, const char* path, const std::string& text) {
  UniqueFd fd(::openat(folder, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!fd.valid()) return ErrnoStatus(errno, path);
  if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return ErrnoStatus(errno, path);
  return absl::OkStatus();
}

// What `git clone --shared --no-checkout` makes, without the time of a process.
absl::Status MakeRepository(const std::string& folder, const std::string& url,
                            const std::string& commit, const std::string& objects) {
  const std::string git = folder + "/.git";
  for (const char* path :
       {"", "/objects", "/objects/info", "/objects/pack", "/refs", "/refs/heads"}) {
    if (::mkdir((git + path).c_str(), 0755) != 0) return ErrnoStatus(errno, git + path);
  }
  UniqueFd at(::open(git.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!at.valid()) return ErrnoStatus(errno, git);
  SLIPWAY_RETURN_IF_ERROR(WriteAt(at.get(), "HEAD", commit + "\n"));
  SLIPWAY_RETURN_IF_ERROR(WriteAt(at.get(), "objects/info/alternates", objects + "\n"));
  return WriteAt(at.get(), "config",
                 "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = "
                 "false\n[remote \"origin\"]\n\turl = " +
                     url + "\n");
}

// Forgets the oldest refs of single commits: a fetch tells the server all refs, and needs only
// recent ones to be small.
void TidyCommitRefs(const std::string& git_dir) {
  namespace fs = std::filesystem;
  std::error_code error;
  std::vector<std::pair<fs::file_time_type, fs::path>> refs;
  for (const auto& entry : fs::directory_iterator(git_dir + "/" + kCommitRefs, error)) {
    refs.emplace_back(entry.last_write_time(error), entry.path());
  }
  if (refs.size() < 2 * kCommitRefsKept) return;
  std::sort(refs.begin(), refs.end());
  refs.resize(refs.size() - kCommitRefsKept);
  for (const auto& [time, path] : refs) fs::remove(path, error);
}

// Fetches the commit if it is not there: by its id, which saves the list of refs, else by what the
// remote offers.
absl::Status Bring(git::Mirror& mirror, const std::string& commit) {
  const absl::StatusOr<bool> here = mirror.Read(
      [&](const git::Repository& r) -> absl::StatusOr<bool> { return r.HasCommit(commit); });
  if (here.ok() && *here) return absl::OkStatus();
  const absl::Status fetched = mirror.Fetch({commit + ":" + kCommitRefs + commit});
  if (absl::IsNotFound(fetched) || absl::IsUnknown(fetched)) return mirror.EnsureCommit(commit);
  if (fetched.ok()) TidyCommitRefs(mirror.git_dir());
  return fetched;
}

}  // namespace

absl::StatusOr<std::string> MakeFolderBeneath(const std::string& root,
                                              const std::string& relative) {
  if (relative.empty() || relative.front() == '/')
    return PathOutsideCheckout("checkout path", relative);
  UniqueFd at(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!at.valid()) return ErrnoStatus(errno, root);
  std::string path = root;
  for (const std::string& part : Split(relative, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return PathOutsideCheckout("checkout path", relative);
    if (::mkdirat(at.get(), part.c_str(), 0755) != 0 && errno != EEXIST)
      return ErrnoStatus(errno, relative);
    UniqueFd next(::openat(at.get(), part.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!next.valid()) return PathOutsideCheckout("checkout path", relative);
    at = std::move(next);
    path += "/" + part;
  }
  return path;
}

absl::StatusOr<CheckedOut> Checkout::Run(const git::GitRemote& remote, const std::string& commit,
                                         const std::string& workspace,
                                         const std::string& path) const {
  if (!git::IsSha(commit))
    return JobUnsupported("commit \"" + commit + "\" is not a full commit id");
  CheckedOut out;
  SLIPWAY_ASSIGN_OR_RETURN(out.folder, MakeFolderBeneath(workspace, path));
  SLIPWAY_ASSIGN_OR_RETURN(out.mirror, mirrors_.Get(remote));
  SLIPWAY_RETURN_IF_ERROR(Bring(*out.mirror, commit));
  out.objects = out.mirror->git_dir() + "/objects";
  SLIPWAY_RETURN_IF_ERROR(MakeRepository(out.folder, remote.url, commit, out.objects));
  SLIPWAY_RETURN_IF_ERROR(
      cli_.RunLocal(out.folder + "/.git", {"--work-tree=" + out.folder, "checkout", "--quiet",
                                           "--force", "--detach", commit})
          .status());
  return out;
}

}  // namespace slipway::runner
