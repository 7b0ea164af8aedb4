#include "tools/slipway/client/settings.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <map>
#include <optional>

#include "libs/base/file.h"

namespace slipway::cli {
namespace {

// A home and a current folder of their own.
struct Place {
  TempDir folder = *TempDir::Create("slipway-cli");
  std::map<std::string, std::string> variables = {{"XDG_CONFIG_HOME", folder.path() + "/config"}};

  Settings Load() const {
    auto settings = Settings::Load(
        [variables = variables](const std::string& name) {
          const auto found = variables.find(name);
          return found == variables.end() ? std::nullopt : std::optional(found->second);
        },
        folder.path());
    REQUIRE(settings.ok());
    return *std::move(settings);
  }

  void WriteSuite(int mode) const {
    REQUIRE(WriteFileAtomic(
                folder.path() + "/.slipway/env",
                "export SLIPWAY_URL='http://suite'\nexport SLIPWAY_TOKEN='suite-token'\n"
                "export SLIPWAY_PROJECT='suite-project'\nexport SLIPWAY_GIT_URL='http://git'\n",
                mode)
                .ok());
  }
};

}  // namespace

TEST_CASE("nothing known is no error") {
  const Settings settings = Place().Load();
  CHECK(settings.url().empty());
  CHECK(settings.token().empty());
}

TEST_CASE("the login is kept in a file of its owner's and the environment wins over it") {
  Place place;
  REQUIRE(
      place.Load()
          .Store({.url = "http://stored", .user = "eve", .token = "stored-token", .project = "p"})
          .ok());
  struct stat info = {};
  REQUIRE(::stat((place.folder.path() + "/config/slipway/config").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  CHECK(place.Load().url() == "http://stored");
  CHECK(place.Load().token() == "stored-token");
  CHECK(place.Load().project() == "p");
  place.variables["SLIPWAY_TOKEN"] = "mine";
  place.variables["SLIPWAY_PROJECT"] = "other";
  CHECK(place.Load().token() == "mine");
  CHECK(place.Load().project() == "other");
}

TEST_CASE("a stored token is never sent to another server") {
  Place place;
  REQUIRE(
      place.Load()
          .Store({.url = "http://stored", .user = "eve", .token = "stored-token", .project = ""})
          .ok());
  place.variables["SLIPWAY_URL"] = "http://elsewhere/";
  CHECK(place.Load().url() == "http://elsewhere");
  CHECK(place.Load().token().empty());
  place.variables["SLIPWAY_URL"] = "http://stored/";
  CHECK(place.Load().token() == "stored-token");
}

TEST_CASE("the suite of the current folder is used when nothing else is known") {
  Place place;
  REQUIRE(MakeDirectories(place.folder.path() + "/.slipway").ok());
  place.WriteSuite(0600);
  CHECK(place.Load().url() == "http://suite");
  CHECK(place.Load().token() == "suite-token");
  CHECK(place.Load().project() == "suite-project");
  CHECK(place.Load().Variable("SLIPWAY_GIT_URL") == "http://git");
  REQUIRE(
      place.Load().Store({.url = "http://stored", .user = "", .token = "t", .project = ""}).ok());
  CHECK(place.Load().url() == "http://stored");
  CHECK(place.Load().token() == "t");
}

TEST_CASE("a suite file that others may read or write is not trusted") {
  Place place;
  REQUIRE(MakeDirectories(place.folder.path() + "/.slipway").ok());
  place.WriteSuite(0644);
  CHECK(place.Load().url().empty());
}

TEST_CASE("a broken login file says what to do") {
  Place place;
  REQUIRE(MakeDirectories(place.folder.path() + "/config/slipway").ok());
  REQUIRE(WriteFileAtomic(place.folder.path() + "/config/slipway/config", "{").ok());
  const auto settings = Settings::Load([&](const std::string& name) -> std::optional<std::string> {
    return name == "XDG_CONFIG_HOME" ? std::optional(place.folder.path() + "/config")
                                     : std::nullopt;
  });
  REQUIRE_FALSE(settings.ok());
  CHECK(absl::IsInvalidArgument(settings.status()));
}

}  // namespace slipway::cli
