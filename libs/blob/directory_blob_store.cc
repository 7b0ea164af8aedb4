#include "libs/blob/directory_blob_store.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <vector>

#include "libs/base/file.h"
#include "libs/base/id.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"

namespace slipway::blob {
namespace {

// The folder of a blob, open, and the blob's name in it.
struct Place {
  UniqueFd folder;
  std::string name;
};

absl::Status Problem(int error_number, const std::string& key) {
  if (error_number == ENOENT || error_number == ENOTDIR)
    return absl::NotFoundError("no blob \"" + key + "\"");
  return ErrnoStatus(error_number, "blob " + key);
}

absl::StatusOr<UniqueFd> OpenFolder(const std::string& root, const std::string& relative) {
  return OpenBeneath(root, relative.empty() ? "." : relative, O_RDONLY | O_DIRECTORY);
}

// The folder that `key` lies in; with `create` its parts are made, each synced into the one above
// it.
absl::StatusOr<Place> PlaceOf(const std::string& root, const std::string& key, bool create) {
  SLIPWAY_RETURN_IF_ERROR(ValidateKey(key));
  const size_t slash = key.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : key.substr(0, slash);
  const std::string name = key.substr(slash + 1);
  absl::StatusOr<UniqueFd> open = OpenFolder(root, folder);
  if (absl::IsNotFound(open.status()) && create) {
    SLIPWAY_ASSIGN_OR_RETURN(UniqueFd at, OpenFolder(root, ""));
    std::string sofar;
    for (const std::string& part : Split(folder, '/')) {
      if (::mkdirat(at.get(), part.c_str(), 0700) == 0) {
        ::fsync(at.get());
      } else if (errno != EEXIST) {
        return Problem(errno, key);
      }
      sofar += sofar.empty() ? part : "/" + part;
      SLIPWAY_ASSIGN_OR_RETURN(at, OpenFolder(root, sofar));
    }
    return Place{std::move(at), name};
  }
  if (absl::IsNotFound(open.status())) return absl::NotFoundError("no blob \"" + key + "\"");
  SLIPWAY_RETURN_IF_ERROR(open.status());
  return Place{*std::move(open), name};
}

// Writes what `fill` writes into a temporary file beside the blob, syncs it, and puts it into the
// blob's place.
absl::Status Replace(const std::string& root, const std::string& key,
                     const std::function<absl::Status(int fd)>& fill) {
  SLIPWAY_ASSIGN_OR_RETURN(const Place place, PlaceOf(root, key, true));
  const std::string temporary = "." + place.name + "." + RandomHex(6);
  const auto write = [&]() -> absl::Status {
    UniqueFd fd(::openat(place.folder.get(), temporary.c_str(),
                         O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd.valid()) return Problem(errno, key);
    SLIPWAY_RETURN_IF_ERROR(fill(fd.get()));
    if (::fsync(fd.get()) != 0) return Problem(errno, key);
    if (::renameat(place.folder.get(), temporary.c_str(), place.folder.get(), place.name.c_str()) !=
        0) {
      return Problem(errno, key);
    }
    ::fsync(place.folder.get());
    return absl::OkStatus();
  };
  const absl::Status status = write();
  if (!status.ok()) ::unlinkat(place.folder.get(), temporary.c_str(), 0);
  return status;
}

absl::Status WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, "blob");
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return absl::OkStatus();
}

absl::StatusOr<UniqueFd> OpenBlob(const std::string& root, const std::string& key) {
  SLIPWAY_ASSIGN_OR_RETURN(const Place place, PlaceOf(root, key, false));
  UniqueFd fd(::openat(place.folder.get(), place.name.c_str(),
                       O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd.valid()) return Problem(errno == ELOOP ? ENOENT : errno, key);
  struct stat info;
  if (::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) return Problem(ENOENT, key);
  return fd;
}

}  // namespace

absl::StatusOr<std::unique_ptr<DirectoryBlobStore>> DirectoryBlobStore::Open(std::string root) {
  SLIPWAY_RETURN_IF_ERROR(MakeDirectories(root));
  return std::unique_ptr<DirectoryBlobStore>(new DirectoryBlobStore(std::move(root)));
}

absl::Status DirectoryBlobStore::Put(const std::string& key, std::string_view bytes) {
  return Replace(root_, key, [&](int fd) { return WriteAll(fd, bytes); });
}

absl::Status DirectoryBlobStore::PutFile(const std::string& key, const std::string& path) {
  UniqueFd source(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!source.valid()) return ErrnoStatus(errno, path);
  return Replace(root_, key, [&](int fd) -> absl::Status {
    std::vector<char> buffer(256 << 10);
    while (true) {
      const ssize_t n = ::read(source.get(), buffer.data(), buffer.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return ErrnoStatus(errno, path);
      if (n == 0) return absl::OkStatus();
      SLIPWAY_RETURN_IF_ERROR(WriteAll(fd, {buffer.data(), static_cast<size_t>(n)}));
    }
  });
}

absl::StatusOr<std::string> DirectoryBlobStore::Get(const std::string& key, uint64_t offset,
                                                    uint64_t length) {
  SLIPWAY_ASSIGN_OR_RETURN(const UniqueFd fd, OpenBlob(root_, key));
  struct stat info;
  if (::fstat(fd.get(), &info) != 0) return Problem(errno, key);
  const auto size = static_cast<uint64_t>(info.st_size);
  std::string out(offset < size ? std::min(length, size - offset) : 0, '\0');
  size_t got = 0;
  while (got < out.size()) {
    const ssize_t n =
        ::pread(fd.get(), out.data() + got, out.size() - got, static_cast<off_t>(offset + got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Problem(errno, key);
    if (n == 0) break;
    got += static_cast<size_t>(n);
  }
  out.resize(got);
  return out;
}

absl::StatusOr<uint64_t> DirectoryBlobStore::Size(const std::string& key) {
  SLIPWAY_ASSIGN_OR_RETURN(const UniqueFd fd, OpenBlob(root_, key));
  struct stat info;
  if (::fstat(fd.get(), &info) != 0) return Problem(errno, key);
  return static_cast<uint64_t>(info.st_size);
}

absl::Status DirectoryBlobStore::Delete(const std::string& key) {
  const absl::StatusOr<Place> place = PlaceOf(root_, key, false);
  if (absl::IsNotFound(place.status())) return absl::OkStatus();
  SLIPWAY_RETURN_IF_ERROR(place.status());
  if (::unlinkat(place->folder.get(), place->name.c_str(), 0) != 0 && errno != ENOENT)
    return Problem(errno, key);
  ::fsync(place->folder.get());
  return absl::OkStatus();
}

}  // namespace slipway::blob
