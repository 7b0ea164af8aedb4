#include "services/runner/testing/registry.h"

#include <unistd.h>

#include "libs/base/check.h"
#include "libs/process/run.h"

namespace slipway::runner {
namespace {

constexpr std::string_view kListening = "listening on ";

std::string Htpasswd(const std::string& username, const std::string& password) {
  process::ProcessSpec spec;
  spec.argv = {"htpasswd", "-niB", "-C", "5", username};
  spec.package = "apache2-utils";
  spec.stdin_data = password + "\n";
  const auto result = process::Run(spec);
  SLIPWAY_CHECK(result.ok() && result->ok());
  return result->out;
}

}  // namespace

Registry::Registry(const std::string& username, const std::string& password)
    : folder_(*TempDir::Create("registry-")) {
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

}  // namespace slipway::runner
