#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "libs/base/encoding.h"
#include "libs/forge/signature.h"

// A sanitizer's checks of memory would be counted as well.
#ifndef __SANITIZE_ADDRESS__

namespace slipway::forge {
namespace {

// The instructions that a fresh copy of this process executes for one check, counted one by one.
int64_t InstructionsOf(const http::Headers& headers, const std::string& body,
                       const std::string& secret) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    ::raise(SIGSTOP);
    const bool ok = VerifyGitHubSignature(headers, body, secret).ok();
    ::kill(::getpid(), SIGSTOP);
    ::_exit(ok ? 1 : 0);
  }
  REQUIRE(child > 0);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE((WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP));
  int64_t count = 0;
  while (true) {
    REQUIRE(::ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr) == 0);
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSTOPPED(status));
    if (WSTOPSIG(status) == SIGSTOP) break;
    ++count;
  }
  REQUIRE(::ptrace(PTRACE_CONT, child, nullptr, nullptr) == 0);
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);  // refused
  return count;
}

}  // namespace

TEST_CASE(
    "S3: a signature that is wrong in its first byte costs what one wrong in its last costs") {
  const std::string secret = "It's a Secret to Everybody";
  const std::string body(1000, 'x');
  const std::string good = "sha256=" + HexEncode(HmacSha256(secret, body));
  const auto wrong_at = [&](size_t place) {
    // A digit for a digit and a letter for a letter: reading the two takes different instructions.
    std::string bad = good;
    bad[place] = static_cast<char>(bad[place] ^ 1);
    if (bad[place] == '`') bad[place] = 'b';
    if (bad[place] == 'g') bad[place] = 'e';
    return InstructionsOf({{"X-Hub-Signature-256", bad}}, body, secret);
  };
  const int64_t first = wrong_at(7);
  CHECK(first > 1000);
  CHECK(wrong_at(good.size() - 1) == first);
  CHECK(wrong_at(good.size() / 2) == first);
}

}  // namespace slipway::forge

#endif  // __SANITIZE_ADDRESS__
