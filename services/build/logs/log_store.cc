#include "services/build/logs/log_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "libs/base/file.h"
#include "libs/base/status.h"
#include "services/build/domain/errors.h"

namespace slipway::build {
namespace {

// Open files at most; those of ended jobs are closed when they are archived.
constexpr size_t kMaxOpen = 256;

absl::Status WriteAll(int fd, int64_t offset, std::string_view data) {
  while (!data.empty()) {
    const ssize_t n = pwrite(fd, data.data(), data.size(), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, "writing a log");
    data.remove_prefix(static_cast<size_t>(n));
    offset += n;
  }
  return absl::OkStatus();
}

std::string Notice(int64_t limit) {
  return "\n[the log is cut here: a job's log has at most " + std::to_string(limit) + " bytes]\n";
}

}  // namespace

LogStore::LogStore(std::string directory, int64_t limit)
    : directory_(std::move(directory)), limit_(limit) {}

absl::StatusOr<int64_t> LogStore::Append(LogKey key, int64_t offset, std::string_view data) {
  // Only the beginning makes a file: an empty one for a piece that comes too late would hide the
  // log that was kept elsewhere meanwhile.
  const auto opened = Open(key, offset == 0);
  if (absl::IsNotFound(opened.status())) return LogGap(offset, 0);
  if (!opened.ok()) return opened.status();
  const std::shared_ptr<Segment> segment = *opened;
  MutexLock lock(segment->mu);
  const int64_t end = offset + static_cast<int64_t>(data.size());
  if (Truncated(segment->size)) return end;
  if (offset > segment->size) return LogGap(offset, segment->size);
  if (end <= segment->size) return segment->size;
  data.remove_prefix(static_cast<size_t>(segment->size - offset));
  std::string cut;
  if (end > limit_) {
    cut = std::string(data.substr(0, static_cast<size_t>(limit_ - segment->size))) + Notice(limit_);
    data = cut;
  }
  SLIPWAY_RETURN_IF_ERROR(WriteAll(segment->fd.get(), segment->size, data));
  segment->size += static_cast<int64_t>(data.size());
  return cut.empty() ? segment->size : end;
}

absl::StatusOr<bool> LogStore::Has(LogKey key, int64_t size) {
  if (size <= 0) return true;
  const auto opened = Open(key, false);
  if (absl::IsNotFound(opened.status())) return false;
  if (!opened.ok()) return opened.status();
  const std::shared_ptr<Segment> segment = *opened;
  MutexLock lock(segment->mu);
  return Truncated(segment->size) || segment->size >= size;
}

absl::StatusOr<int64_t> LogStore::Size(LogKey key) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::shared_ptr<Segment> segment, Open(key, false));
  MutexLock lock(segment->mu);
  return segment->size;
}

absl::StatusOr<std::string> LogStore::Read(LogKey key, int64_t offset, size_t max) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::shared_ptr<Segment> segment, Open(key, false));
  std::string data(max, '\0');
  while (true) {
    const ssize_t n = pread(segment->fd.get(), data.data(), data.size(), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, "reading a log");
    data.resize(static_cast<size_t>(n));
    return data;
  }
}

std::string LogStore::PathOf(LogKey key) const {
  return directory_ + "/" + std::to_string(key.job_id) + "/" + std::to_string(key.attempt) + ".log";
}

absl::Status LogStore::Remove(LogKey key) {
  {
    MutexLock lock(mu_);
    open_.erase(key);
  }
  if (unlink(PathOf(key).c_str()) != 0 && errno != ENOENT) {
    return ErrnoStatus(errno, "removing a log");
  }
  // Only goes when it was the last attempt in it.
  rmdir((directory_ + "/" + std::to_string(key.job_id)).c_str());
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<LogStore::Segment>> LogStore::Open(LogKey key, bool create) {
  MutexLock lock(mu_);
  if (const auto it = open_.find(key); it != open_.end()) return it->second;
  const std::string path = PathOf(key);
  if (create) {
    SLIPWAY_RETURN_IF_ERROR(MakeDirectories(directory_ + "/" + std::to_string(key.job_id)));
  }
  auto segment = std::make_shared<Segment>();
  segment->fd = UniqueFd(open(path.c_str(), O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0), 0600));
  if (!segment->fd.valid()) return ErrnoStatus(errno, "opening a log");
  struct stat info {};
  if (fstat(segment->fd.get(), &info) != 0) return ErrnoStatus(errno, "opening a log");
  {
    MutexLock segment_lock(segment->mu);
    segment->size = info.st_size;
  }
  if (open_.size() >= kMaxOpen) {
    // One that nobody uses at the moment; whoever needs it again opens it again.
    const auto idle = std::find_if(open_.begin(), open_.end(),
                                   [](const auto& entry) { return entry.second.use_count() == 1; });
    if (idle != open_.end()) open_.erase(idle);
  }
  open_[key] = segment;
  return segment;
}

bool LogStore::Truncated(int64_t file_size) const { return file_size > limit_; }

}  // namespace slipway::build
