#include "services/gitops/testing/push_image.h"

#include <unistd.h>

#include <vector>

#include "libs/base/check.h"
#include "libs/base/file.h"
#include "libs/base/strings.h"
#include "libs/process/run.h"

namespace slipway::gitops {
namespace {

void MustRun(const process::ProcessSpec& spec) {
  const auto result = process::Run(spec);
  SLIPWAY_CHECK(result.ok());
  if (!result->ok()) ::write(2, result->err.data(), result->err.size());
  SLIPWAY_CHECK(result->ok());
}

}  // namespace

std::string PushImage(const oci::Registry& registry, const std::string& repository,
                      const std::string& text, const std::string& command) {
  const TempDir work = *TempDir::Create("image-");
  const std::string entry =
      command.empty() ? R"(["/bin/busybox","httpd","-f","-p","8080","-h","/www"])" : command;
  SLIPWAY_CHECK(MakeDirectories(work.path() + "/context").ok());
  SLIPWAY_CHECK(WriteFileAtomic(work.path() + "/context/index.html", text, 0644).ok());
  SLIPWAY_CHECK(
      WriteFileAtomic(work.path() + "/context/busybox", *ReadFile("/bin/busybox"), 0755).ok());
  SLIPWAY_CHECK(
      WriteFileAtomic(work.path() + "/context/Dockerfile",
                      "FROM scratch\nCOPY busybox /bin/busybox\nCOPY index.html /www/index.html\n"
                      "ENTRYPOINT " +
                          entry + "\n")
          .ok());
  const std::vector<std::string> store = {"--root",           work.path() + "/root",
                                          "--runroot",        work.path() + "/run",
                                          "--storage-driver", "vfs"};
  const auto buildah = [&](std::vector<std::string> arguments) {
    process::ProcessSpec spec;
    spec.argv = {"buildah"};
    spec.argv.insert(spec.argv.end(), store.begin(), store.end());
    spec.argv.insert(spec.argv.end(), arguments.begin(), arguments.end());
    MustRun(spec);
  };
  const std::string tag = registry.address() + "/" + repository + ":test";
  buildah({"bud", "--isolation", "chroot", "-t", tag, work.path() + "/context"});
  std::vector<std::string> push = {"push", "--tls-verify=false", "--digestfile",
                                   work.path() + "/digest"};
  const oci::RegistryEndpoint endpoint = registry.endpoint();
  if (!endpoint.username.empty())
    push.insert(push.end(), {"--creds", endpoint.username + ":" + endpoint.password});
  push.push_back(tag);
  buildah(push);
  return registry.address() + "/" + repository + "@" +
         std::string(Trim(*ReadFile(work.path() + "/digest")));
}

}  // namespace slipway::gitops
