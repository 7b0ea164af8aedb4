#include "services/runner/image/build_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <climits>
#include <optional>

#include "libs/base/encoding.h"
#include "libs/base/file.h"
#include "libs/base/status.h"
#include "services/runner/errors.h"

namespace slipway::runner {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;

std::string DescriptorPath(const UniqueFd& fd) {
  return "/proc/self/fd/" + std::to_string(fd.get());
}

absl::StatusOr<UniqueFd> Open(const std::string& root, const std::string& path, int flags,
                              const std::string& what, const std::string& field) {
  absl::StatusOr<UniqueFd> fd = OpenBeneath(root, path.empty() ? "." : path, flags);
  if (fd.ok()) return fd;
  if (absl::IsInvalidArgument(fd.status())) return PathOutsideCheckout(what, path);
  if (absl::IsNotFound(fd.status())) return FileMissing(what, path, field);
  return fd.status();
}

absl::StatusOr<std::string> ReadRegularFile(const UniqueFd& fd, const std::string& what,
                                            const std::string& path) {
  struct stat info;
  if (::fstat(fd.get(), &info) != 0) return ErrnoStatus(errno, path);
  if (!S_ISREG(info.st_mode)) return JobUnsupported(what + " \"" + path + "\" is not a file");
  return ReadFile(DescriptorPath(fd), kMaxFileBytes);
}

absl::StatusOr<std::string> RealPath(const UniqueFd& fd) {
  char target[PATH_MAX];
  const ssize_t n = ::readlink(DescriptorPath(fd).c_str(), target, sizeof target);
  if (n < 0 || n == sizeof target) return ErrnoStatus(n < 0 ? errno : ENAMETOOLONG, "context");
  return std::string(target, static_cast<size_t>(n));
}

// The ignore file of the context, if there is one.
absl::StatusOr<std::optional<std::string>> IgnoreText(const std::string& context) {
  for (const char* name : {".containerignore", ".dockerignore"}) {
    absl::StatusOr<UniqueFd> fd = OpenBeneath(context, name, O_RDONLY | O_NONBLOCK);
    if (absl::IsNotFound(fd.status())) continue;
    if (!fd.ok()) return PathOutsideCheckout("ignore file", name);
    SLIPWAY_ASSIGN_OR_RETURN(std::string text, ReadRegularFile(*fd, "ignore file", name));
    return std::optional<std::string>(std::move(text));
  }
  return std::optional<std::string>();
}

std::string RegistriesFile(const ImageRequest& request) {
  std::string text =
      "unqualified-search-registries = [\"docker.io\"]\nshort-name-mode = \"disabled\"\n";
  const auto add = [&text](const std::string& host) {
    if (host.find_first_of("\"\\\n") != std::string::npos) return;
    text += "[[registry]]\nlocation = \"" + host + "\"\ninsecure = true\n";
  };
  if (request.insecure) add(request.registry_host);
  for (const RegistryLogin& login : request.logins) {
    if (login.insecure && !(request.insecure && login.host == request.registry_host))
      add(login.host);
  }
  return text;
}

}  // namespace

std::string AuthFile(const std::vector<RegistryLogin>& logins) {
  boost::json::object auths;
  for (const RegistryLogin& login : logins) {
    auths[login.host] =
        boost::json::object{{"auth", Base64Encode(login.username + ":" + login.password)}};
  }
  return boost::json::serialize(boost::json::object{{"auths", std::move(auths)}});
}

absl::StatusOr<BuildFiles> PrepareBuildFiles(const ImageRequest& request) {
  BuildFiles files;
  SLIPWAY_ASSIGN_OR_RETURN(const UniqueFd dockerfile,
                           Open(request.checkout, request.dockerfile, O_RDONLY | O_NONBLOCK,
                                "Dockerfile", "spec.source.build.image.dockerfile"));
  SLIPWAY_ASSIGN_OR_RETURN(const std::string text,
                           ReadRegularFile(dockerfile, "Dockerfile", request.dockerfile));
  SLIPWAY_ASSIGN_OR_RETURN(const UniqueFd context,
                           Open(request.checkout, request.context, O_PATH | O_DIRECTORY,
                                "build context", "spec.source.build.image.context"));
  SLIPWAY_ASSIGN_OR_RETURN(files.context, RealPath(context));
  SLIPWAY_ASSIGN_OR_RETURN(const std::optional<std::string> ignored, IgnoreText(files.context));

  files.dockerfile = request.private_folder + "/Dockerfile";
  SLIPWAY_RETURN_IF_ERROR(WriteFileAtomic(files.dockerfile, text));
  if (ignored) {
    files.ignorefile = request.private_folder + "/ignore";
    SLIPWAY_RETURN_IF_ERROR(WriteFileAtomic(files.ignorefile, *ignored));
  }
  files.auth = request.private_folder + "/auth.json";
  SLIPWAY_RETURN_IF_ERROR(WriteFileAtomic(files.auth, AuthFile(request.logins)));
  files.registries = request.private_folder + "/registries.conf";
  SLIPWAY_RETURN_IF_ERROR(WriteFileAtomic(files.registries, RegistriesFile(request)));
  return files;
}

}  // namespace slipway::runner
