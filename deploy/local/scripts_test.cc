// The shell parts that touch what belongs to others: the machine's policy-rc.d, files that are
// kept, ports.

#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>
#include <vector>

#include "libs/base/file.h"
#include "libs/process/run.h"

namespace slipway {
namespace {

struct Outcome {
  int exit_code;
  std::string out;
  std::string err;
};

// Runs `script` after the parts were loaded; $1 is a folder of the test's own.
Outcome Bash(const std::string& script, const std::string& dir) {
  process::ProcessSpec spec;
  spec.argv = {"bash",
               "-euo",
               "pipefail",
               "-c",
               ". \"" + std::string(std::getenv("SLIPWAY_SOURCE_DIR")) +
                   "/deploy/local/all.sh\"; PROGRAM=test; " + script,
               "-",
               dir};
  spec.timeout = absl::Seconds(50);
  const auto result = process::Run(spec);
  REQUIRE(result.ok());
  return {result->exit_code, result->out, result->err};
}

// Stands in for apt-get: writes down what policy-rc.d says while it works, and ends with
// `exit_code`.
void FakeApt(const std::string& dir, int exit_code) {
  REQUIRE(WriteFileAtomic(dir + "/apt-get",
                          "#!/bin/sh\necho \"$@\" >>" + dir + "/calls\n" + dir +
                              "/policy >/dev/null; echo $? >>" + dir + "/answers\n[ " +
                              std::to_string(exit_code) + " = 0 ] || echo 'E: no network'\nexit " +
                              std::to_string(exit_code) + "\n",
                          0755)
              .ok());
  REQUIRE(WriteFileAtomic(dir + "/list", "# comment\nbash\nslipway-no-such-package # why\n").ok());
}

const char kInstall[] =
    "PATH=$1:$PATH POLICY_RC_D=$1/policy PACKAGE_LIST=$1/list; SLIPWAY_PACKAGES_LOCK=$1/lock; "
    "install_packages";

TEST_CASE("Only missing packages are installed, and no service starts meanwhile") {
  const auto dir = TempDir::Create("packages");
  FakeApt(dir->path(), 0);
  const Outcome done = Bash(kInstall, dir->path());
  INFO(done.err);
  CHECK(done.exit_code == 0);
  CHECK(done.out == "packages      ok      1 installed\n");
  const std::string calls = *ReadFile(dir->path() + "/calls");
  CHECK(calls.find("--no-install-recommends") != std::string::npos);
  CHECK(calls.find(" slipway-no-such-package\n") != std::string::npos);
  CHECK(calls.find(" bash") == std::string::npos);
  CHECK(*ReadFile(dir->path() + "/answers") == "101\n101\n");
  CHECK_FALSE(PathExists(dir->path() + "/policy"));
}

TEST_CASE("With nothing missing apt is not asked") {
  const auto dir = TempDir::Create("packages");
  FakeApt(dir->path(), 0);
  REQUIRE(WriteFileAtomic(dir->path() + "/list", "bash\n").ok());
  CHECK(Bash(kInstall, dir->path()).out == "packages      ok      nothing missing\n");
  CHECK_FALSE(PathExists(dir->path() + "/calls"));
}

TEST_CASE(
    "The machine's own policy-rc.d comes back, also after a failure, which is named in one line") {
  const auto dir = TempDir::Create("packages");
  const std::string own = "#!/bin/sh\nexit 101\n";  // what container images have
  for (const int exit_code : {0, 100}) {
    FakeApt(dir->path(), exit_code);
    REQUIRE(WriteFileAtomic(dir->path() + "/policy", own, 0755).ok());
    const Outcome done = Bash(kInstall, dir->path());
    CHECK((done.exit_code == 0) == (exit_code == 0));
    CHECK(*ReadFile(dir->path() + "/policy") == own);
    if (exit_code != 0)
      CHECK(done.err.find("installing packages failed: E: no network") != std::string::npos);
  }
}

TEST_CASE("A policy that a killed installation left behind is not taken for the machine's own") {
  const auto dir = TempDir::Create("packages");
  FakeApt(dir->path(), 0);
  REQUIRE(WriteFileAtomic(dir->path() + "/policy",
                          "#!/bin/sh\n# for the time of an installation by slipway\nexit 101\n",
                          0755)
              .ok());
  REQUIRE(WriteFileAtomic(dir->path() + "/policy.slipway-saved", "own\n", 0755).ok());
  CHECK(Bash(kInstall, dir->path()).exit_code == 0);
  CHECK(*ReadFile(dir->path() + "/policy") == "own\n");
}

TEST_CASE("A secret is made once, and an unchanged file keeps its time") {
  const auto dir = TempDir::Create("files");
  const Outcome done = Bash(
      "secret_file $1/s; a=$(cat $1/s); secret_file $1/s; [ \"$a\" = \"$(cat $1/s)\" ]; echo ${#a} "
      "$(stat -c %a $1/s); "
      "echo x | write_file $1/f 0644; touch -d @1 $1/f; echo x | write_file $1/f 0600; stat -c '%Y "
      "%a' $1/f; "
      "echo y | write_file $1/f 0600; [ $(stat -c %Y $1/f) -gt 1 ]; ls -A $1",
      dir->path());
  INFO(done.err);
  CHECK(done.out == "64 600\n1 600\nf\ns\n");
}

TEST_CASE("Only the suite's services have a service token, one of another name goes") {
  const auto dir = TempDir::Create("keys");
  const Outcome done = Bash(
      "DATA=$1; mkdir $1/keys; echo old >$1/keys/service-tmp.token; make_keys; "
      "for file in $1/keys/service-*.token; do name=${file##*/service-}; "
      "[[ \" ${SLIPWAY_SERVICES[*]} \" == *\" ${name%.token} \"* ]] || echo \"$name\"; done",
      dir->path());
  INFO(done.err);
  CHECK(done.exit_code == 0);
  CHECK(done.out.empty());
}

TEST_CASE("A root's key, run and data folders depend on its real path alone") {
  const auto dir = TempDir::Create("root");
  const Outcome done = Bash(
      "mkdir $1/real; ln -s real $1/link; use_root $1/link; a=$RUN$DATA; use_root $1/x/../real; "
      "[ \"$a\" = \"$RUN$DATA\" ]; echo ${#KEY}; use_root $1/other; [ \"$a\" != \"$RUN$DATA\" ]",
      dir->path());
  CHECK(done.exit_code == 0);
  CHECK(done.out == "10\n");
}

// A checkout and a suite in $1 whose programs print what they were called with; runs the commands
// that tools/up prints at its end, each in a shell of its own.
const char kTypeHints[] =
    "unset SUDO_UID; SOURCE_DIR=$1/checkout BIN_DIR=$1/checkout/build/bin GATEWAY_URL=http://g; "
    "mkdir -p \"$BIN_DIR\" \"$SOURCE_DIR/tools\" \"$1/elsewhere\"; "
    "for name in \"$BIN_DIR/slipway\" \"$SOURCE_DIR/tools/down\" \"$SOURCE_DIR/slipway\"; do "
    "printf '#!/bin/sh\\necho \"${0##*/} $* ($SLIPWAY_URL)\"\\n' >\"$name\"; "
    "chmod +x \"$name\"; done; "
    "type_hints() { cd \"$1\"; use_root \"$2\"; mkdir -p \"$ROOT\"; "
    "echo \"export SLIPWAY_URL='of $(basename \"$ROOT\")'\" >\"$ROOT/env\"; "
    "print_hints \"$3\" | sed -E '1d; s/^(Try:|Stop:|) *//' | while read -r line; do "
    "bash -c \"$line\"; done; }; ";

TEST_CASE("What tools/up prints at its end works as it is printed") {
  const auto dir = TempDir::Create("hints");
  const auto typed = [&](const std::string& arguments) {
    const Outcome done = Bash(kTypeHints + ("type_hints " + arguments), dir->path());
    INFO(done.err);
    CHECK(done.exit_code == 0);
    return done.out;
  };
  SECTION("for the first suite, in the checkout") {
    CHECK(typed("\"$SOURCE_DIR\" .slipway 1") ==
          "slipway timeline hello ()\nslipway logs hello -f ()\ndown  ()\n");
  }
  SECTION("for the first suite, from elsewhere") {
    CHECK(typed("\"$1/elsewhere\" ../checkout/.slipway 1") ==
          "slipway timeline hello (of .slipway)\nslipway logs hello -f (of .slipway)\ndown  ()\n");
  }
  SECTION("for a suite with another root, whatever its name") {
    const std::string root = dir->path() + "/my other suite";
    CHECK(typed("\"$SOURCE_DIR\" \"$1/my other suite\" 1") ==
          "slipway timeline hello (of my other suite)\nslipway logs hello -f (of my other suite)\n"
          "down --root " +
              root + " ()\n");
  }
  SECTION("where the example was not pushed") {
    CHECK(typed("\"$1\" second 0") ==
          "slipway apply -f checkout/examples/hello/slipway.yaml (of second)\n"
          "slipway get apps (of second)\ndown --root second ()\n");
  }
}

}  // namespace
}  // namespace slipway
