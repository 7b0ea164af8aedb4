#include "services/runner/image/image_storage.h"

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <filesystem>
#include <optional>

#include "absl/time/clock.h"
#include "libs/base/disk_use.h"
#include "libs/base/error.h"
#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/log/log.h"
#include "services/runner/errors.h"

namespace slipway::runner {
namespace {

// How long new builds are held back at most for those that run to end, when the disk is too full.
constexpr absl::Duration kPatience = absl::Minutes(5);
// One large image may take long to delete.
constexpr absl::Duration kToolTimeout = absl::Minutes(2);

// The names in the output of `buildah images --json`.
absl::StatusOr<std::vector<std::string>> ParseNames(const std::string& text) {
  boost::json::error_code error;
  const boost::json::value parsed = boost::json::parse(text, error);
  if (error || (!parsed.is_array() && !parsed.is_null()))
    return absl::InternalError("buildah's list of images can't be read: update this runner");
  std::vector<std::string> names;
  if (parsed.is_null()) return names;
  for (const boost::json::value& image : parsed.get_array()) {
    if (!image.is_object()) continue;
    const boost::json::value* const list = image.get_object().if_contains("names");
    if (list == nullptr || !list->is_array()) continue;
    for (const boost::json::value& name : list->get_array()) {
      if (name.is_string()) names.emplace_back(name.get_string());
    }
  }
  return names;
}

}  // namespace

StorageGate::Pass ImageStorage::BeginBuild(const std::string& image, const std::stop_token& stop) {
  StorageGate::Pass pass = gate_.Enter(stop);
  if (!pass.valid()) return pass;
  ++builds_;
  if (const absl::Status kept = uses_.Touch(image); !kept.ok())
    log::Warn("image.uses", "the use of an image is not kept", {{"error", MessageOf(kept)}});
  return pass;
}

absl::StatusOr<std::string> ImageStorage::Tool(const BuilderFacts& facts,
                                               std::vector<std::string> words,
                                               const std::stop_token& stop) const {
  process::ProcessSpec spec;
  spec.argv = setup_.Command(facts);
  spec.argv.insert(spec.argv.end(), words.begin(), words.end());
  spec.inherit = {"PATH"};
  spec.env = {{"HOME", setup_.data()}, {"TMPDIR", setup_.data()}, {"LC_ALL", "C.UTF-8"}};
  spec.out = process::OutputSink::Capture(16 << 20);
  spec.timeout = kToolTimeout;
  SLIPWAY_ASSIGN_OR_RETURN(process::ProcessResult result,
                           sandbox_.RunTool(spec, {setup_.data()}, JobCgroup({}, "", {}), stop));
  if (result.ok()) return std::move(result.out);
  return ImageStorageFailed(
      words.front(), Truncate(Trim(result.err.empty() ? result.Describe() : result.err), 400));
}

absl::StatusOr<std::vector<std::string>> ImageStorage::Names(const BuilderFacts& facts,
                                                             const std::stop_token& stop) const {
  SLIPWAY_ASSIGN_OR_RETURN(const std::string text, Tool(facts, {"images", "--json"}, stop));
  return ParseNames(text);
}

std::string ImageStorage::StorageFolder(const BuilderFacts& facts, const std::string& part) const {
  return setup_.data() + "/storage-" + facts.driver + "/" + facts.driver + "-" + part;
}

absl::Status ImageStorage::RemoveContainers(const BuilderFacts& facts,
                                            const std::stop_token& stop) const {
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator(StorageFolder(facts, "containers"), error)) {
    const std::string record = entry.path().string() + "/userdata/buildah.json";
    std::error_code ignored;
    if (!entry.is_directory(ignored) || std::filesystem::exists(record, ignored)) continue;
    // Killed between making the container and noting it: buildah takes it for another program's,
    // so that it would stay for good and no image below it could be removed.
    // https://github.com/containers/buildah/blob/v1.28.2/buildah.go: containerType, stateFile.
    SLIPWAY_RETURN_IF_ERROR(MakeDirectories(entry.path().string() + "/userdata"));
    SLIPWAY_RETURN_IF_ERROR(WriteFileAtomic(
        record,
        boost::json::serialize(boost::json::object{
            {"type", "buildah 0.0.1"}, {"container-id", entry.path().filename().string()}})));
  }
  return Tool(facts, {"rm", "--all"}, stop).status();
}

void ImageStorage::RemoveOtherDrivers(const BuilderFacts& facts) const {
  std::error_code error;
  std::vector<std::string> unused;
  for (const auto& entry : std::filesystem::directory_iterator(setup_.data(), error)) {
    const std::string name = entry.path().filename().string();
    for (const std::string prefix : {"storage-", "run-"}) {
      if (name.starts_with(prefix) && name != prefix + facts.driver)
        unused.push_back(entry.path().string());
    }
  }
  for (const std::string& folder : unused) {
    const absl::Status removed = RemoveAll(folder);
    if (!removed.ok()) {
      log::Warn("image.storage", "the storage of an earlier driver stays: remove it by hand",
                {{"folder", folder}, {"error", MessageOf(removed)}});
    }
  }
}

void ImageStorage::Remove(const BuilderFacts& facts, const std::string& image, ImagesPruned& out,
                          const std::stop_token& stop) const {
  const absl::Status removed = Tool(facts, {"rmi", "--", image}, stop).status();
  if (removed.ok()) {
    uses_.Forget(image);
    ++out.removed;
  } else if (!stop.stop_requested()) {
    log::Warn("image.prune", "an image can't be removed",
              {{"image", image}, {"error", MessageOf(removed)}});
  }
}

absl::Status ImageStorage::RemoveOld(const BuilderFacts& facts, absl::Duration max_age,
                                     ImagesPruned& out, const std::stop_token& stop) const {
  SLIPWAY_ASSIGN_OR_RETURN(const std::vector<std::string> names, Names(facts, stop));
  for (const ImageUses::Use& use : uses_.Of(names)) {
    if (absl::Now() - use.last <= max_age || stop.stop_requested()) break;
    Remove(facts, use.image, out, stop);
  }
  // Layers of failed builds have no name to be known by: all of them go once in that time.
  const std::string marker = setup_.data() + "/dangling-pruned";
  std::error_code missing;
  const auto last = std::filesystem::last_write_time(marker, missing);
  const bool due =
      max_age != absl::InfiniteDuration() &&
      (missing || absl::FromChrono(std::chrono::file_clock::to_sys(last)) < absl::Now() - max_age);
  if (!due || stop.stop_requested()) return absl::OkStatus();
  if (!missing) SLIPWAY_RETURN_IF_ERROR(Tool(facts, {"rmi", "--prune"}, stop).status());
  return WriteFileAtomic(marker, "");
}

int64_t ImageStorage::Count() const {
  const std::optional<BuilderFacts> facts = setup_.Known();
  if (!facts) return 0;
  std::error_code error;
  const std::filesystem::directory_iterator images(StorageFolder(*facts, "images"), error);
  if (error) return 0;
  return std::count_if(begin(images), end(images), [](const auto& entry) {
    std::error_code ignored;
    return entry.is_directory(ignored);
  });
}

absl::Status ImageStorage::RemoveUntil(const BuilderFacts& facts, const ImageLimits& limits,
                                       ImagesPruned& out, const std::stop_token& stop) const {
  // `part` is a margin, so that the next build does not begin the same again.
  const auto fits = [&](double part) {
    out.kept_bytes = DiskUse(setup_.data(), stop);
    const auto within = [part](int64_t value, int64_t limit) {
      return static_cast<double>(value) <= static_cast<double>(limit) * part;
    };
    return within(out.kept_bytes, limits.max_bytes) && within(Count(), limits.max_count);
  };
  if (fits(1) || stop.stop_requested()) return absl::OkStatus();
  SLIPWAY_RETURN_IF_ERROR(Tool(facts, {"rmi", "--prune"}, stop).status());
  SLIPWAY_ASSIGN_OR_RETURN(const std::vector<std::string> names, Names(facts, stop));
  const std::vector<ImageUses::Use> uses = uses_.Of(names);
  size_t next = 0;
  while (!fits(0.8) && next < uses.size() && !stop.stop_requested()) {
    // A quarter of the rest at a time: counting costs more than deleting.
    for (size_t n = (uses.size() - next + 3) / 4; n > 0; --n)
      Remove(facts, uses[next++].image, out, stop);
  }
  return absl::OkStatus();
}

absl::StatusOr<ImagesPruned> ImageStorage::Prune(const ImageLimits& limits,
                                                 const std::stop_token& stop) {
  const std::optional<BuilderFacts> facts = setup_.Known();
  ImagesPruned out;
  if (!facts) return out;
  const int64_t builds = builds_;
  const bool built = builds != measured_at_;
  if (built) measured_ = DiskUse(setup_.data(), stop);
  const int64_t before = measured_;
  out.kept_bytes = before;
  const bool too_much = before > limits.max_bytes || Count() > limits.max_count;
  const StorageGate::Pass alone =
      gate_.EnterAlone(too_much ? kPatience : absl::ZeroDuration(), stop);
  if (!alone.valid()) return out;
  // A build that fails or is killed leaves the container of its last instruction.
  SLIPWAY_RETURN_IF_ERROR(RemoveContainers(*facts, stop));
  RemoveOtherDrivers(*facts);
  SLIPWAY_RETURN_IF_ERROR(RemoveOld(*facts, limits.max_age, out, stop));
  // Without a build and a removal nothing has changed, and counting is dear.
  if (too_much) {
    SLIPWAY_RETURN_IF_ERROR(RemoveUntil(*facts, limits, out, stop));
  } else if (built || out.removed > 0) {
    out.kept_bytes = DiskUse(setup_.data(), stop);
  }
  if (stop.stop_requested()) return out;
  measured_ = out.kept_bytes;
  measured_at_ = builds;
  out.removed_bytes = std::max<int64_t>(before - out.kept_bytes, 0);
  return out;
}

}  // namespace slipway::runner
