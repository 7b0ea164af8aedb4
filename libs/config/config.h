#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace slipway::config {

// How one field of a Config struct is set from outside.
struct Option {
  std::string flag;       // "listen": --listen, SLIPWAY_<SERVICE>_LISTEN, and LISTEN= in the file
  std::string help;       // one sentence; units and ranges belong here
  bool required = false;  // an empty value is an error
  bool secret = false;    // masked by --print-config; also read from --<flag>-file, <NAME>_FILE
};

// Binds a struct of settings to flags, environment, a file and defaults. Precedence: flag, then
// environment SLIPWAY_<SERVICE>_<NAME>, then the file of --config (KEY=VALUE lines, '#' comments),
// then the value that the bound variable already has. All problems are reported together. Used by
// main() before any thread starts; not thread-safe.
//
//   config::ConfigParser p("auth", "Users, tokens and assertions.");
//   p.String(&cfg.listen, {.flag = "listen", .help = "address of the gRPC server", .required =
//   true}); p.Duration(&cfg.token_ttl, {.flag = "token-ttl", .help = "life of a sign-in token"});
//   p.ParseOrExit(argc, argv);
//
// Every parser also knows --help, --print-config and --config FILE (SLIPWAY_<SERVICE>_CONFIG).
class ConfigParser {
 public:
  ConfigParser(std::string_view service, std::string_view what);

  void String(std::string* target, Option option);
  void Int(int* target, Option option);
  void Int(int64_t* target, Option option);
  void Double(double* target, Option option);
  // "true", "false", "1", "0", "yes", "no"; a bare --flag is true.
  void Bool(bool* target, Option option);
  // With a unit: "250ms", "30s", "5m", "1h30m"; "0" is allowed.
  void Duration(absl::Duration* target, Option option);
  // Bytes with a unit: "512", "64KiB", "64MiB", "2GiB", "10MB".
  void Size(uint64_t* target, Option option);
  // Comma-separated; a repeated flag adds. A flag, variable or file line replaces what lower
  // precedence gave.
  void StringList(std::vector<std::string>* target, Option option);

  // Allows one word beside the flags, one of `commands` ("migrate"); `target` stays as it is
  // without one.
  void Command(std::string* target, std::vector<std::string> commands);

  // What main() does after parsing. `text` goes to stdout (help, configuration) or, for exit code
  // 2, to stderr.
  struct Outcome {
    std::optional<int> exit_code;  // empty: go on
    std::string text;
  };
  using Env = std::function<std::optional<std::string>(const std::string& name)>;
  Outcome Parse(const std::vector<std::string>& args, const Env& env);

  // Parse with the process's arguments and environment; prints and exits where the outcome says so.
  void ParseOrExit(int argc, char** argv);

 private:
  using Setter = std::function<absl::Status(const std::vector<std::string>& values)>;
  struct Entry {
    Option option;
    std::string kind;  // shown in --help: "text", "duration"
    bool is_bool = false;
    bool is_list = false;
    Setter set;
    std::function<std::string()> show;
  };

  // Values by flag name.
  using Given = std::map<std::string, std::vector<std::string>>;
  struct Found {
    std::string from;  // named in errors: "--ttl", "SLIPWAY_AUTH_TTL"
    std::vector<std::string> values;
  };

  Given ReadFlags(const std::vector<std::string>& args, std::vector<std::string>* errors);
  Given ReadSettingsFile(const std::string& path, std::vector<std::string>* errors) const;
  absl::StatusOr<std::optional<Found>> Lookup(const Option& option, const Given& flags,
                                              const Env& env, const Given& file) const;
  bool IsKnown(const std::string& name) const;
  void Add(Option option, std::string kind, Setter set, std::function<std::string()> show);
  const Entry* Find(std::string_view flag) const;
  std::string EnvName(std::string_view flag) const;
  std::string Help() const;
  std::string PrintConfig() const;
  std::string Unknown(std::string_view what, std::string_view name) const;

  std::string service_;
  std::string what_;
  std::vector<Entry> entries_;
  std::string* command_target_ = nullptr;
  std::vector<std::string> commands_;
};

// "64MiB" to bytes. Decimal (KB, MB, GB) and binary (KiB, MiB, GiB) units, a plain number is bytes.
absl::StatusOr<uint64_t> ParseSize(std::string_view text);
// "30s", "1h30m", "0" to a duration that is not negative.
absl::StatusOr<absl::Duration> ParseDuration(std::string_view text);

}  // namespace slipway::config
