#include "services/gitops/testing/registry.h"

#include <unistd.h>

#include "libs/base/check.h"
#include "libs/base/strings.h"
#include "libs/process/run.h"

namespace slipway::gitops {
namespace {

constexpr std::string_view kListening = "listening on ";

std::string MustRun(process::ProcessSpec spec) {
  const auto result = process::Run(spec);
  SLIPWAY_CHECK(result.ok());
  if (!result->ok()) ::write(2, result->err.data(), result->err.size());
  SLIPWAY_CHECK(result->ok());
  return result->out;
}

std::string Htpasswd(const std::string& username, const std::string& password) {
  process::ProcessSpec spec;
  spec.argv = {"htpasswd", "-niB", "-C", "5", username};
  spec.package = "apache2-utils";
  spec.stdin_data = password + "\n";
  return MustRun(spec);
}

}  // namespace

TestRegistry::TestRegistry(const std::string& username, const std::string& password)
    : folder_(*TempDir::Create("registry-")), username_(username), password_(password) {
  std::string config =
      "version: 0.1\nlog: {level: info}\nstorage: {filesystem: {rootdirectory: " + folder_.path() +
      "/data}}\nhttp: {addr: 127.0.0.1:0}\n";
  if (!username.empty()) {
    SLIPWAY_CHECK(WriteFileAtomic(folder_.path() + "/htpasswd", Htpasswd(username, password)).ok());
    config += "auth: {htpasswd: {realm: test, path: " + folder_.path() + "/htpasswd}}\n";
  }
  SLIPWAY_CHECK(WriteFileAtomic(folder_.path() + "/config.yml", config).ok());
  int fds[2];
  SLIPWAY_CHECK(::pipe(fds) == 0);
  log_ = UniqueFd(fds[0]);
  UniqueFd write(fds[1]);
  process::ProcessSpec spec;
  spec.argv = {"docker-registry", "serve", folder_.path() + "/config.yml"};
  spec.out = process::OutputSink::Fd(write.get());
  spec.err = process::OutputSink::SameAsStdout();
  auto started = process::Process::Start(spec);
  SLIPWAY_CHECK(started.ok());
  process_.emplace(*std::move(started));
  write.Reset();
  std::string text;
  size_t at;
  while ((at = text.find(kListening)) == std::string::npos ||
         text.find('\n', at) == std::string::npos) {
    char buffer[4096];
    const ssize_t n = ::read(log_.get(), buffer, sizeof buffer);
    SLIPWAY_CHECK(n > 0);
    text.append(buffer, static_cast<size_t>(n));
  }
  const std::string rest = text.substr(at + kListening.size());
  address_ = rest.substr(0, rest.find_first_of(" \"\n"));
}

std::string TestRegistry::PushImage(const std::string& repository, const std::string& text,
                                    const std::string& command) {
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
  const std::string tag = address_ + "/" + repository + ":test";
  buildah({"bud", "--isolation", "chroot", "-t", tag, work.path() + "/context"});
  std::vector<std::string> push = {"push", "--tls-verify=false", "--digestfile",
                                   work.path() + "/digest"};
  if (!username_.empty()) push.insert(push.end(), {"--creds", username_ + ":" + password_});
  push.push_back(tag);
  buildah(push);
  return address_ + "/" + repository + "@" + std::string(Trim(*ReadFile(work.path() + "/digest")));
}

}  // namespace slipway::gitops
