#include "services/gitops/target/local/pod_cgroups.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "libs/base/strings.h"

namespace slipway::gitops::local {
namespace {

namespace fs = std::filesystem;

constexpr size_t kIdLength = 64;

bool IsPodId(absl::string_view id) {
  return id.size() == kIdLength && std::all_of(id.begin(), id.end(), absl::ascii_isxdigit);
}

// A cgroup has folders below it, and files that go with it.
void RemoveCgroup(const fs::path& cgroup) {
  std::error_code error;
  std::vector<fs::path> inner;
  for (fs::directory_iterator it(cgroup, error), end; !error && it != end; it.increment(error)) {
    if (it->is_directory(error)) inner.push_back(it->path());
  }
  for (const fs::path& child : inner) RemoveCgroup(child);
  fs::remove(cgroup, error);
}

}  // namespace

void RemovePodCgroups(std::string_view pods, const std::string& root) {
  for (const absl::string_view line : absl::StrSplit(ToAbsl(pods), '\n')) {
    const absl::string_view id = absl::StripAsciiWhitespace(line);
    if (!IsPodId(id)) continue;
    std::error_code error;
    for (fs::directory_iterator it(root, error), end; !error && it != end; it.increment(error)) {
      const fs::path pod = it->path() / "libpod_parent" / std::string(id);
      if (fs::is_directory(pod, error)) RemoveCgroup(pod);
    }
  }
}

}  // namespace slipway::gitops::local
