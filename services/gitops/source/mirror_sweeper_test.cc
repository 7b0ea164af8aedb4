#include "services/gitops/source/mirror_sweeper.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "libs/base/file.h"
#include "libs/git/testing/git_server.h"

namespace slipway::gitops {
namespace {

struct Bed {
  git::GitServer server;
  TempDir folder = *TempDir::Create("mirror-sweeper-");
  std::unique_ptr<git::GitCli> cli = *git::GitCli::Create({});
  git::MirrorStore mirrors{*cli, folder.path()};
  FakeClock clock{absl::Now()};
  MirrorSweeper sweeper{mirrors, clock};

  Bed() {
    for (const char* name : {"used", "left"}) {
      server.CreateRepository(name);
      server.Commit(name, "main", {{"a.txt", name}}, "first");
      REQUIRE((*mirrors.Get(server.Remote(name)))->Fetch().ok());
    }
  }
  size_t Count() const {
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
      count += entry.path().extension() == ".git" ? 1 : 0;
    return count;
  }
  // As if the mirrors had been used last `age` ago.
  void Age(absl::Duration age) {
    const auto then = std::filesystem::file_time_type::clock::now() - absl::ToChronoSeconds(age);
    for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
      std::filesystem::last_write_time(entry.path(), then);
  }
};

TEST_CASE("A mirror that nobody has asked for in a week goes, the others stay") {
  Bed bed;
  bed.clock.Advance(absl::Hours(2));
  bed.sweeper.Pass({});
  CHECK(bed.Count() == 2);
  bed.Age(absl::Hours(8 * 24));
  REQUIRE(bed.mirrors.Get(bed.server.Remote("used")).ok());
  bed.sweeper.Pass({});
  CHECK(bed.Count() == 1);
  // It comes back when it is asked for.
  const auto again = bed.mirrors.Get(bed.server.Remote("left"));
  REQUIRE(again.ok());
  CHECK((*again)->Fetch().ok());
}

TEST_CASE("A mirror that somebody holds stays, however old its use is") {
  Bed bed;
  const auto held = *bed.mirrors.Get(bed.server.Remote("left"));
  bed.clock.Advance(absl::Hours(2));
  bed.Age(absl::Hours(8 * 24));
  bed.sweeper.Pass({});
  CHECK(bed.Count() == 1);
  CHECK(held->Fetch().ok());
}

TEST_CASE("A service that was off for long does not lose the mirrors that it uses") {
  Bed bed;
  bed.Age(absl::Hours(30 * 24));
  CHECK(bed.sweeper.Pass({}) == absl::Hours(1));
  CHECK(bed.Count() == 2);
}

}  // namespace
}  // namespace slipway::gitops
