#include "libs/config/config.h"

#include <catch2/catch.hpp>
#include <map>

#include "libs/base/file.h"

namespace slipway::config {
namespace {

struct Settings {
  std::string listen = "unix:/run/a.sock";
  std::string dsn;
  std::string key;
  int workers = 4;
  bool dry = false;
  absl::Duration ttl = absl::Seconds(30);
  uint64_t cache = 64 << 20;
  std::vector<std::string> hosts = {"a"};
  std::string command;
};

struct Fixture {
  Settings cfg;
  std::map<std::string, std::string> env;

  ConfigParser::Outcome Parse(std::vector<std::string> args) {
    ConfigParser p("auth", "Users and tokens.");
    p.String(&cfg.listen, {.flag = "listen", .help = "address"});
    p.String(&cfg.dsn, {.flag = "db", .help = "connection string", .required = true});
    p.String(&cfg.key, {.flag = "signing-key", .help = "key", .secret = true});
    p.Int(&cfg.workers, {.flag = "workers", .help = "threads"});
    p.Bool(&cfg.dry, {.flag = "dry-run", .help = "no writes"});
    p.Duration(&cfg.ttl, {.flag = "ttl", .help = "life"});
    p.Size(&cfg.cache, {.flag = "cache", .help = "bytes"});
    p.StringList(&cfg.hosts, {.flag = "host", .help = "hosts"});
    p.Command(&cfg.command, {"migrate"});
    return p.Parse(args, [this](const std::string& name) -> std::optional<std::string> {
      const auto it = env.find(name);
      return it == env.end() ? std::nullopt : std::optional<std::string>(it->second);
    });
  }
};

}  // namespace

TEST_CASE("a flag wins over the environment, that over the file, and that over the default") {
  const auto dir = TempDir::Create("config");
  REQUIRE(dir.ok());
  const std::string path = dir->path() + "/c.env";
  REQUIRE(WriteFileAtomic(path, "# comment\nLISTEN=file\nttl=1m\nSLIPWAY_AUTH_WORKERS = 9\n"
                                "SLIPWAY_BUILD_WORKERS=77\nCACHE=1KiB\n").ok());
  Fixture f;
  f.env = {{"SLIPWAY_AUTH_LISTEN", "env"}, {"SLIPWAY_AUTH_TTL", "2m"}, {"SLIPWAY_AUTH_DB", "x"}};
  const auto outcome = f.Parse({"--config", path, "--listen=flag", "--dry-run", "migrate"});
  INFO(outcome.text);
  REQUIRE_FALSE(outcome.exit_code.has_value());
  CHECK(f.cfg.listen == "flag");
  CHECK(f.cfg.ttl == absl::Minutes(2));
  CHECK(f.cfg.workers == 9);
  CHECK(f.cfg.cache == 1024);
  CHECK(f.cfg.dry);
  CHECK(f.cfg.hosts == std::vector<std::string>{"a"});
  CHECK(f.cfg.command == "migrate");
}

TEST_CASE("all configuration errors are reported together with exit code 2") {
  Fixture f;
  f.env = {{"SLIPWAY_AUTH_TTL", "30"}};
  const auto outcome = f.Parse({"--workers", "many", "--lisen", "x", "--cache=12XB", "serve"});
  REQUIRE(outcome.exit_code == 2);
  CHECK_THAT(outcome.text, Catch::Contains("--workers: \"many\" is not a whole number"));
  CHECK_THAT(outcome.text, Catch::Contains("unknown flag --lisen; did you mean listen?"));
  CHECK_THAT(outcome.text, Catch::Contains("\"12XB\" is not a size"));
  CHECK_THAT(outcome.text, Catch::Contains("SLIPWAY_AUTH_TTL: \"30\" is not a duration"));
  CHECK_THAT(outcome.text, Catch::Contains("--db (SLIPWAY_AUTH_DB) is required"));
  CHECK_THAT(outcome.text, Catch::Contains("unexpected argument \"serve\""));
}

TEST_CASE("a secret is read from a file and never printed") {
  const auto dir = TempDir::Create("config");
  REQUIRE(dir.ok());
  REQUIRE(WriteFileAtomic(dir->path() + "/key", "hunter2\n").ok());
  Fixture f;
  f.env = {{"SLIPWAY_AUTH_SIGNING_KEY_FILE", dir->path() + "/key"}};
  const auto outcome = f.Parse({"--db=x", "--print-config"});
  CHECK(outcome.exit_code == 0);
  CHECK(f.cfg.key == "hunter2");
  CHECK_THAT(outcome.text, !Catch::Contains("hunter2"));
  CHECK_THAT(outcome.text, Catch::Contains("SIGNING_KEY=********"));
  CHECK_THAT(outcome.text, Catch::Contains("TTL=30s"));
}

TEST_CASE("a missing secret file or configuration file is named") {
  Fixture f;
  const auto outcome =
      f.Parse({"--db=x", "--signing-key-file", "/nonexistent/k", "--config=/nonexistent/c"});
  REQUIRE(outcome.exit_code == 2);
  CHECK_THAT(outcome.text, Catch::Contains("--signing-key-file: "));
  CHECK_THAT(outcome.text, Catch::Contains("--config: "));
}

TEST_CASE("a repeated list flag adds up and replaces the default") {
  Fixture f;
  REQUIRE_FALSE(f.Parse({"--db=x", "--host=b,c", "--host", "d"}).exit_code.has_value());
  CHECK(f.cfg.hosts == std::vector<std::string>{"b", "c", "d"});
}

TEST_CASE("help names every flag with its default") {
  Fixture f;
  const auto outcome = f.Parse({"--help"});
  CHECK(outcome.exit_code == 0);
  CHECK_THAT(outcome.text, Catch::Contains("--ttl <duration>  life (default 30s)"));
  CHECK_THAT(outcome.text, Catch::Contains("SLIPWAY_AUTH_NAME"));
}

TEST_CASE("sizes and durations need sensible units") {
  CHECK(*ParseSize("2GiB") == 2ull << 30);
  CHECK(*ParseSize("10MB") == 10'000'000);
  CHECK_FALSE(ParseSize("99999999999GiB").ok());
  CHECK_FALSE(ParseSize("-1").ok());
  CHECK(*ParseDuration("1h30m") == absl::Minutes(90));
  CHECK_FALSE(ParseDuration("-5s").ok());
}

}  // namespace slipway::config
