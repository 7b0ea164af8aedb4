#include "services/build/logs/log_store.h"

#include <catch2/catch.hpp>

#include "libs/base/error.h"
#include "libs/base/file.h"
#include "services/build/logs/utf8_cut.h"

namespace slipway::build {
namespace {

constexpr LogKey kKey{7, 1};

std::string All(LogStore& logs, LogKey key) {
  std::string all;
  while (true) {
    const auto piece = logs.Read(key, static_cast<int64_t>(all.size()), 5);
    REQUIRE(piece.ok());
    if (piece->empty()) return all;
    all += *piece;
  }
}

}  // namespace

TEST_CASE("a log is what was appended, however often a piece is sent") {
  auto dir = TempDir::Create("logs");
  REQUIRE(dir.ok());
  LogStore logs(dir->path(), 1000);
  CHECK(logs.Append(kKey, 0, "hello ").value() == 6);
  CHECK(logs.Append(kKey, 0, "hello ").value() == 6);
  CHECK(logs.Append(kKey, 3, "lo wor").value() == 9);
  CHECK(logs.Append(kKey, 9, "ld").value() == 11);
  CHECK(All(logs, kKey) == "hello world");
  CHECK(logs.Size(kKey).value() == 11);
  CHECK(logs.Has(kKey, 11).value());
  CHECK_FALSE(logs.Has(kKey, 12).value());
}

TEST_CASE("a gap is refused and says where to go on") {
  auto dir = TempDir::Create("logs");
  LogStore logs(dir->path(), 1000);
  REQUIRE(logs.Append(kKey, 0, "abc").ok());
  const auto status = logs.Append(kKey, 5, "x").status();
  CHECK(status.code() == absl::StatusCode::kOutOfRange);
  CHECK(DetailsOf(status).metadata.at(0).second == "3");
}

TEST_CASE("what comes after a log was kept elsewhere makes no file that would hide it") {
  auto dir = TempDir::Create("logs");
  LogStore logs(dir->path(), 1000);
  REQUIRE(logs.Append(kKey, 0, "abc").ok());
  REQUIRE(logs.Remove(kKey).ok());
  CHECK(logs.Append(kKey, 3, "late").status().code() == absl::StatusCode::kOutOfRange);
  CHECK_FALSE(logs.Has(kKey, 3).value());
  CHECK(logs.Size(kKey).status().code() == absl::StatusCode::kNotFound);
  CHECK_FALSE(PathExists(logs.PathOf(kKey)));
}

TEST_CASE("a log goes on after the process was killed") {
  auto dir = TempDir::Create("logs");
  {
    LogStore before(dir->path(), 1000);
    REQUIRE(before.Append(kKey, 0, "before ").ok());
  }
  LogStore after(dir->path(), 1000);
  CHECK(after.Append(kKey, 3, "ore and after").value() == 16);
  CHECK(All(after, kKey) == "before and after");
}

TEST_CASE("a log that is too long is cut, says so, and takes the rest without storing it") {
  auto dir = TempDir::Create("logs");
  LogStore logs(dir->path(), 10);
  CHECK(logs.Append(kKey, 0, "0123456").value() == 7);
  CHECK(logs.Append(kKey, 7, "789abcdef").value() == 16);
  CHECK(logs.Append(kKey, 16, "more").value() == 20);
  CHECK(logs.Has(kKey, 1000).value());
  const std::string all = All(logs, kKey);
  CHECK(all.substr(0, 11) == "0123456789\n");
  CHECK(all.find("cut here") != std::string::npos);
  LogStore again(dir->path(), 10);
  CHECK(again.Append(kKey, 20, "more").value() == 24);
  CHECK(All(again, kKey) == all);
}

TEST_CASE("attempts have logs of their own, and a removed one is gone") {
  auto dir = TempDir::Create("logs");
  LogStore logs(dir->path(), 1000);
  REQUIRE(logs.Append({7, 1}, 0, "first").ok());
  REQUIRE(logs.Append({7, 2}, 0, "second").ok());
  CHECK(All(logs, {7, 2}) == "second");
  CHECK(logs.Remove({7, 1}).ok());
  CHECK(logs.Read({7, 1}, 0, 10).status().code() == absl::StatusCode::kNotFound);
  CHECK(All(logs, {7, 2}) == "second");
  CHECK(logs.Remove({7, 2}).ok());
  CHECK_FALSE(PathExists(dir->path() + "/7"));
}

TEST_CASE("a character is never cut in two") {
  CHECK(CompleteUtf8Prefix("abc") == 3);
  CHECK(CompleteUtf8Prefix("ab\xC3") == 2);
  CHECK(CompleteUtf8Prefix("ab\xC3\xA4") == 4);
  CHECK(CompleteUtf8Prefix("a\xE2\x82") == 1);
  CHECK(CompleteUtf8Prefix("a\xF0\x9F\x98") == 1);
  CHECK(CompleteUtf8Prefix("a\xF0\x9F\x98\x80") == 5);
  CHECK(CompleteUtf8Prefix("\x80\x80\x80\x80") == 4);
  CHECK(CompleteUtf8Prefix("") == 0);
}

}  // namespace slipway::build
