#include "services/runner/image/build_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "libs/base/file.h"
#include "services/runner/image/tool_errors.h"

namespace slipway::runner {
namespace {

struct Fixture {
  TempDir root = *TempDir::Create("build-files-");
  ImageRequest request;

  Fixture() {
    request.checkout = root.path() + "/checkout";
    request.private_folder = root.path() + "/private";
    request.dockerfile = "Dockerfile";
    request.context = ".";
    REQUIRE(MakeDirectories(request.checkout + "/app").ok());
    REQUIRE(MakeDirectories(request.private_folder).ok());
    Write("Dockerfile", "FROM scratch\n");
    Write("app/Dockerfile.prod", "FROM scratch\n# prod\n");
    REQUIRE(WriteFileAtomic(root.path() + "/secret", "of the machine").ok());
  }
  void Write(const std::string& path, const std::string& text) {
    REQUIRE(WriteFileAtomic(request.checkout + "/" + path, text).ok());
  }
  void Link(const std::string& target, const std::string& path) {
    REQUIRE(::symlink(target.c_str(), (request.checkout + "/" + path).c_str()) == 0);
  }
  std::string Error() {
    const auto files = PrepareBuildFiles(request);
    return std::string(files.status().message());
  }
};

}  // namespace

TEST_CASE("Dockerfile, context and ignore file are taken from the checkout") {
  Fixture f;
  f.request.dockerfile = "app/Dockerfile.prod";
  f.request.context = "app";
  f.Write("app/.dockerignore", "*.o\n");
  const auto files = PrepareBuildFiles(f.request);
  REQUIRE(files.ok());
  CHECK(*ReadFile(files->dockerfile) == "FROM scratch\n# prod\n");
  CHECK(*ReadFile(files->ignorefile) == "*.o\n");
  CHECK(files->context == f.request.checkout + "/app");
}

TEST_CASE("A link within the checkout is followed") {
  Fixture f;
  f.Link("app/Dockerfile.prod", "Dockerfile.link");
  f.Link("app", "context.link");
  f.request.dockerfile = "Dockerfile.link";
  f.request.context = "context.link";
  const auto files = PrepareBuildFiles(f.request);
  REQUIRE(files.ok());
  CHECK(files->context == f.request.checkout + "/app");
}

TEST_CASE("Paths that leave the checkout are refused by name") {
  Fixture f;
  f.Link("../secret", "file-link");
  f.Link(f.root.path() + "/secret", "absolute-link");
  f.Link("..", "folder-link");
  for (const std::string path : {"../secret", "app/../../secret", "/etc/passwd", "file-link",
                                 "absolute-link", "folder-link/secret"}) {
    INFO(path);
    f.request.dockerfile = path;
    CHECK(f.Error().find("Dockerfile \"" + path + "\" leaves the checkout") == 0);
  }
  f.request.dockerfile = "Dockerfile";
  for (const std::string path : {"..", "/", "folder-link", "app/../.."}) {
    INFO(path);
    f.request.context = path;
    CHECK(f.Error().find("build context \"" + path + "\" leaves the checkout") == 0);
  }
  f.request.context = ".";
  f.Link("../secret", ".dockerignore");
  CHECK(f.Error().find("ignore file \".dockerignore\" leaves the checkout") == 0);
}

TEST_CASE("A Dockerfile that is missing or no file is named with the field to correct") {
  Fixture f;
  f.request.dockerfile = "deploy/Dockerfile";
  CHECK(f.Error() ==
        "there is no Dockerfile \"deploy/Dockerfile\" in the commit: add it, or correct "
        "spec.source.build.image.dockerfile");
  f.request.dockerfile = "app";
  CHECK(f.Error() == "Dockerfile \"app\" is not a file");
  REQUIRE(::mkfifo((f.request.checkout + "/fifo").c_str(), 0600) == 0);
  f.request.dockerfile = "fifo";
  CHECK(f.Error() == "Dockerfile \"fifo\" is not a file");
  f.request.dockerfile = "Dockerfile";
  f.request.context = "nowhere";
  CHECK(f.Error().find("there is no build context \"nowhere\" in the commit") == 0);
}

TEST_CASE("Credentials are written for their user alone") {
  Fixture f;
  f.request.logins = {{"127.0.0.1:5000", "user", "pa\"ss", true}};
  const auto files = PrepareBuildFiles(f.request);
  REQUIRE(files.ok());
  CHECK(*ReadFile(files->auth) == R"({"auths":{"127.0.0.1:5000":{"auth":"dXNlcjpwYSJzcw=="}}})");
  struct stat info;
  REQUIRE(::stat(files->auth.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  CHECK(ReadFile(files->registries)->find("location = \"127.0.0.1:5000\"\ninsecure = true") !=
        std::string::npos);
}

TEST_CASE("Failures of the builder become one sentence with cause and remedy") {
  CHECK(BuildFailureCause(
            "STEP 1/2: FROM nosuch:1\nError: creating build container: initializing source "
            "docker://nosuch:1: pinging container registry registry-1.docker.io: Get "
            "\"https://x/v2/\": "
            "dial tcp: lookup x: no such host\n",
            "exit code 125")
            .find("the base image \"nosuch:1\" can't be pulled (") == 0);
  CHECK(BuildFailureCause("STEP 2\nError: building at STEP \"RUN false\": exit status 1\n",
                          "exit code 1") == "building at STEP \"RUN false\": exit status 1");
  CHECK(BuildFailureCause("", "signal 9 (Killed)") ==
        "buildah ended with signal 9 (Killed); the log has its output");
  CHECK(BuildFailureCause("STEP 1/2: FROM scratch\nno space left on device\n\n", "exit code 1") ==
        "buildah ended with exit code 1 after \"no space left on device\"; the log has its output");
  CHECK(PushFailureCause("Error: pushing image: unauthorized: authentication required\n", "")
            .find("401 unauthorized") == 0);
  CHECK(PushFailureCause("Error: pushing: dial tcp 127.0.0.1:1: connect: connection refused", "")
            .find("it can't be reached") == 0);
}

}  // namespace slipway::runner
