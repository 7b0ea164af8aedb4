#include "services/runner/image/image_uses.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "absl/time/clock.h"
#include "libs/base/encoding.h"
#include "libs/base/file.h"
#include "libs/base/status.h"

namespace slipway::runner {

std::string ImageUses::PathOf(const std::string& image) const {
  return folder_ + "/" + Sha256Hex(image).substr(0, 32);
}

absl::Status ImageUses::Touch(const std::string& image) const {
  SLIPWAY_RETURN_IF_ERROR(MakeDirectories(folder_));
  return WriteFileAtomic(PathOf(image), image + "\n");
}

void ImageUses::Forget(const std::string& image) const { RemoveAll(PathOf(image)).IgnoreError(); }

std::vector<ImageUses::Use> ImageUses::Of(const std::vector<std::string>& images) const {
  std::vector<Use> uses;
  std::set<std::string> known;
  for (const std::string& image : images) {
    known.insert(PathOf(image));
    struct stat info;
    if (::stat(PathOf(image).c_str(), &info) == 0) {
      uses.push_back({image, absl::TimeFromTimespec(info.st_mtim)});
    } else {
      // Where the use can't be kept, the image is as old as it looks now, each time.
      Touch(image).IgnoreError();
      uses.push_back({image, absl::Now()});
    }
  }
  std::error_code error;
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, error))
    files.push_back(entry.path().string());
  for (const std::string& file : files) {
    if (known.count(file) == 0) RemoveAll(file).IgnoreError();
  }
  std::sort(uses.begin(), uses.end(), [](const Use& a, const Use& b) { return a.last < b.last; });
  return uses;
}

}  // namespace slipway::runner
