#include "libs/config/config.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <map>

#include "absl/strings/numbers.h"
#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"

namespace slipway::config {
namespace {

constexpr std::string_view kMask = "********";

std::string EnvForm(std::string_view flag) {
  std::string out;
  for (const char c : flag) out += c == '-' ? '_' : static_cast<char>(std::toupper(c));
  return out;
}

std::string FlagForm(std::string_view key) {
  std::string out = ToLower(key);
  for (char& c : out) {
    if (c == '_') c = '-';
  }
  return out;
}

absl::Status Bad(std::string_view problem) {
  return absl::InvalidArgumentError(std::string(problem));
}

template <typename T>
absl::Status SetInt(T* target, const std::string& text) {
  int64_t value = 0;
  if (!absl::SimpleAtoi(text, &value) || value > std::numeric_limits<T>::max() ||
      value < std::numeric_limits<T>::min()) {
    return Bad("\"" + text + "\" is not a whole number in range");
  }
  *target = static_cast<T>(value);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<uint64_t> ParseSize(std::string_view text) {
  size_t digits = 0;
  while (digits < text.size() && std::isdigit(static_cast<unsigned char>(text[digits]))) ++digits;
  static const std::map<std::string, uint64_t> kUnits = {{"", 1},
                                                         {"B", 1},
                                                         {"KB", 1000},
                                                         {"MB", 1000 * 1000},
                                                         {"GB", 1000000000},
                                                         {"KiB", 1ull << 10},
                                                         {"MiB", 1ull << 20},
                                                         {"GiB", 1ull << 30}};
  const auto unit = kUnits.find(std::string(Trim(text.substr(digits))));
  uint64_t number = 0;
  if (digits == 0 || unit == kUnits.end() ||
      !absl::SimpleAtoi(ToAbsl(text.substr(0, digits)), &number) ||
      number > std::numeric_limits<uint64_t>::max() / unit->second) {
    return Bad("\"" + std::string(text) + "\" is not a size such as 64MiB");
  }
  return number * unit->second;
}

absl::StatusOr<absl::Duration> ParseDuration(std::string_view text) {
  absl::Duration value;
  if (!absl::ParseDuration(ToAbsl(text), &value) || value < absl::ZeroDuration()) {
    return Bad("\"" + std::string(text) + "\" is not a duration such as 30s or 1h30m");
  }
  return value;
}

ConfigParser::ConfigParser(std::string_view service, std::string_view what)
    : service_(service), what_(what) {}

void ConfigParser::Add(Option option, std::string kind, Setter set,
                       std::function<std::string()> show) {
  Entry entry;
  entry.is_bool = kind == "bool";
  entry.is_list = kind == "list";
  entry.option = std::move(option);
  entry.kind = std::move(kind);
  entry.set = std::move(set);
  entry.show = std::move(show);
  entries_.push_back(std::move(entry));
}

void ConfigParser::String(std::string* target, Option option) {
  Add(
      std::move(option), "text",
      [target](const std::vector<std::string>& v) {
        *target = v.back();
        return absl::OkStatus();
      },
      [target] { return *target; });
}

void ConfigParser::Int(int* target, Option option) {
  Add(
      std::move(option), "number",
      [target](const std::vector<std::string>& v) { return SetInt(target, v.back()); },
      [target] { return std::to_string(*target); });
}

void ConfigParser::Int(int64_t* target, Option option) {
  Add(
      std::move(option), "number",
      [target](const std::vector<std::string>& v) { return SetInt(target, v.back()); },
      [target] { return std::to_string(*target); });
}

void ConfigParser::Double(double* target, Option option) {
  Add(
      std::move(option), "number",
      [target](const std::vector<std::string>& v) {
        if (!absl::SimpleAtod(v.back(), target)) return Bad("\"" + v.back() + "\" is not a number");
        return absl::OkStatus();
      },
      [target] { return std::to_string(*target); });
}

void ConfigParser::Bool(bool* target, Option option) {
  Add(
      std::move(option), "bool",
      [target](const std::vector<std::string>& v) {
        const std::string word = ToLower(v.back());
        if (word == "true" || word == "1" || word == "yes") {
          *target = true;
        } else if (word == "false" || word == "0" || word == "no") {
          *target = false;
        } else {
          return Bad("\"" + v.back() + "\" is neither true nor false");
        }
        return absl::OkStatus();
      },
      [target] { return std::string(*target ? "true" : "false"); });
}

void ConfigParser::Duration(absl::Duration* target, Option option) {
  Add(
      std::move(option), "duration",
      [target](const std::vector<std::string>& v) {
        SLIPWAY_ASSIGN_OR_RETURN(*target, ParseDuration(v.back()));
        return absl::OkStatus();
      },
      [target] { return absl::FormatDuration(*target); });
}

void ConfigParser::Size(uint64_t* target, Option option) {
  Add(
      std::move(option), "size",
      [target](const std::vector<std::string>& v) {
        SLIPWAY_ASSIGN_OR_RETURN(*target, ParseSize(v.back()));
        return absl::OkStatus();
      },
      [target] { return std::to_string(*target); });
}

void ConfigParser::StringList(std::vector<std::string>* target, Option option) {
  Add(
      std::move(option), "list",
      [target](const std::vector<std::string>& v) {
        target->clear();
        for (const std::string& text : v) {
          for (const std::string& piece : Split(text, ',')) {
            if (const auto word = Trim(piece); !word.empty()) target->emplace_back(word);
          }
        }
        return absl::OkStatus();
      },
      [target] { return Join(*target, ","); });
}

void ConfigParser::Command(std::string* target, std::vector<std::string> commands) {
  command_target_ = target;
  commands_ = std::move(commands);
}

const ConfigParser::Entry* ConfigParser::Find(std::string_view flag) const {
  for (const Entry& e : entries_) {
    if (e.option.flag == flag) return &e;
  }
  return nullptr;
}

std::string ConfigParser::EnvName(std::string_view flag) const {
  return "SLIPWAY_" + EnvForm(service_) + "_" + EnvForm(flag);
}

std::string ConfigParser::Unknown(std::string_view what, std::string_view name) const {
  std::vector<std::string> known = {"help", "print-config", "config"};
  for (const Entry& e : entries_) known.push_back(e.option.flag);
  std::string text = "unknown " + std::string(what) + " " + std::string(name);
  const std::string near =
      DidYouMean(FlagForm(name.substr(name.rfind("--", 0) == 0 ? 2 : 0)), known);
  if (!near.empty()) text += "; did you mean " + near + "?";
  return text;
}

std::string ConfigParser::Help() const {
  std::string text = service_ + ": " + what_ + "\n\nUsage: " + service_ + " [flags]";
  if (!commands_.empty()) text += " [" + Join(commands_, "|") + "]";
  text += "\n\nEach flag is also read from the environment (" + EnvName("name") +
          ") and from the file of --config (NAME=value lines).\n\n";
  for (const Entry& e : entries_) {
    text += "  --" + e.option.flag + " <" + e.kind + ">  " + e.option.help;
    const std::string value = e.show();
    if (e.option.required && value.empty()) {
      text += " (required)";
    } else if (!value.empty() && !e.option.secret) {
      text += " (default " + value + ")";
    }
    if (e.option.secret) text += " (secret; better by --" + e.option.flag + "-file)";
    text += "\n";
  }
  text += "  --config <file>  settings as NAME=value lines\n";
  text += "  --print-config  print the settings in force, secrets masked, and exit\n";
  text += "  --help  print this and exit\n";
  return text;
}

std::string ConfigParser::PrintConfig() const {
  std::string text;
  for (const Entry& e : entries_) {
    const std::string value = e.show();
    text += EnvForm(e.option.flag) + "=" +
            (e.option.secret && !value.empty() ? std::string(kMask) : value) + "\n";
  }
  return text;
}

bool ConfigParser::IsKnown(const std::string& name) const {
  if (name == "config" || Find(name) != nullptr) return true;
  constexpr std::string_view kFile = "-file";
  if (name.size() <= kFile.size() || name.substr(name.size() - kFile.size()) != kFile) return false;
  const Entry* secret = Find(name.substr(0, name.size() - kFile.size()));
  return secret != nullptr && secret->option.secret;
}

ConfigParser::Given ConfigParser::ReadFlags(const std::vector<std::string>& args,
                                            std::vector<std::string>* errors) {
  Given flags;
  for (size_t i = 0; i < args.size(); ++i) {
    const std::string& arg = args[i];
    const bool has_next = i + 1 < args.size();
    if (arg == "--print-config") continue;
    if (arg.rfind("--", 0) != 0) {
      if (std::find(commands_.begin(), commands_.end(), arg) != commands_.end()) {
        *command_target_ = arg;
      } else {
        errors->push_back("unexpected argument \"" + arg + "\"");
      }
      continue;
    }
    const size_t eq = arg.find('=');
    const std::string name = arg.substr(2, eq == std::string::npos ? eq : eq - 2);
    const Entry* e = Find(name);
    if (!IsKnown(name)) {
      errors->push_back(Unknown("flag", "--" + name));
      // What follows is most likely its value.
      if (eq == std::string::npos && has_next && args[i + 1].rfind("--", 0) != 0) ++i;
    } else if (eq != std::string::npos) {
      flags[name].push_back(arg.substr(eq + 1));
    } else if (e != nullptr && e->is_bool) {
      flags[name].push_back("true");
    } else if (has_next) {
      flags[name].push_back(args[++i]);
    } else {
      errors->push_back("--" + name + " needs a value");
    }
  }
  return flags;
}

// Names in any case, with '-' or '_', with or without this service's prefix. Lines for other
// services (SLIPWAY_<OTHER>_...) are theirs.
ConfigParser::Given ConfigParser::ReadSettingsFile(const std::string& path,
                                                   std::vector<std::string>* errors) const {
  Given settings;
  const auto text = ReadFile(path, 1 << 20);
  if (!text.ok()) {
    errors->push_back("--config: " + std::string(text.status().message()));
    return settings;
  }
  const std::string prefix = FlagForm(EnvName(""));
  int number = 0;
  for (const std::string& raw : Split(*text, '\n')) {
    ++number;
    const std::string line(Trim(raw));
    if (line.empty() || line[0] == '#') continue;
    const std::string where = path + ":" + std::to_string(number) + ": ";
    const size_t eq = line.find('=');
    if (eq == std::string::npos) {
      errors->push_back(where + "expected NAME=value");
      continue;
    }
    std::string name = FlagForm(Trim(line.substr(0, eq)));
    if (name.rfind(prefix, 0) == 0) {
      name = name.substr(prefix.size());
    } else if (name.rfind("slipway-", 0) == 0) {
      continue;
    }
    if (IsKnown(name)) {
      settings[name].emplace_back(Trim(line.substr(eq + 1)));
    } else {
      errors->push_back(where + Unknown("setting", name));
    }
  }
  return settings;
}

// The value of the highest precedence, directly or from the file that it names.
absl::StatusOr<std::optional<ConfigParser::Found>> ConfigParser::Lookup(const Option& option,
                                                                        const Given& flags,
                                                                        const Env& env,
                                                                        const Given& file) const {
  const std::string file_flag = option.flag + "-file";
  const auto in_file = [](Found found) -> absl::StatusOr<std::optional<Found>> {
    auto text = ReadFile(found.values.back(), 1 << 20);
    if (!text.ok()) return Bad(found.from + ": " + std::string(text.status().message()));
    while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
    found.values = {*std::move(text)};
    return found;
  };
  if (const auto f = flags.find(option.flag); f != flags.end()) {
    return Found{"--" + option.flag, f->second};
  }
  if (const auto f = flags.find(file_flag); f != flags.end()) {
    return in_file({"--" + file_flag, f->second});
  }
  const std::string env_name = EnvName(option.flag);
  if (auto value = env(env_name)) return Found{env_name, {*value}};
  if (option.secret) {
    if (auto path = env(env_name + "_FILE")) return in_file({env_name + "_FILE", {*path}});
  }
  if (const auto f = file.find(option.flag); f != file.end()) {
    return Found{EnvForm(option.flag) + " in the file", f->second};
  }
  if (const auto f = file.find(file_flag); f != file.end()) {
    return in_file({EnvForm(file_flag) + " in the file", f->second});
  }
  return std::optional<Found>();
}

ConfigParser::Outcome ConfigParser::Parse(const std::vector<std::string>& args, const Env& env) {
  const auto has = [&args](const char* flag) {
    return std::find(args.begin(), args.end(), flag) != args.end();
  };
  if (has("--help") || has("-h")) return {0, Help()};

  std::vector<std::string> errors;
  Given flags = ReadFlags(args, &errors);
  std::string path = env(EnvName("config")).value_or("");
  if (flags.count("config") > 0) path = flags["config"].back();
  const Given file = path.empty() ? Given() : ReadSettingsFile(path, &errors);

  for (const Entry& e : entries_) {
    const auto found = Lookup(e.option, flags, env, file);
    if (!found.ok()) {
      errors.emplace_back(found.status().message());
      continue;
    }
    if (found->has_value()) {
      if (const absl::Status s = e.set((*found)->values); !s.ok()) {
        // A bad secret is named, never shown.
        const std::string problem = e.option.secret ? "bad value" : std::string(s.message());
        errors.push_back((*found)->from + ": " + problem);
        continue;
      }
    }
    if (e.option.required && e.show().empty()) {
      errors.push_back("--" + e.option.flag + " (" + EnvName(e.option.flag) +
                       ") is required: " + e.option.help);
    }
  }

  if (!errors.empty()) {
    std::string text;
    for (const std::string& e : errors) text += service_ + ": " + e + "\n";
    return {2, text + "Run " + service_ + " --help for all settings.\n"};
  }
  if (has("--print-config")) return {0, PrintConfig()};
  return {};
}

void ConfigParser::ParseOrExit(int argc, char** argv) {
  const std::vector<std::string> args(argv + (argc > 0 ? 1 : 0), argv + argc);
  const Outcome outcome = Parse(args, [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  });
  if (!outcome.exit_code) return;
  std::fputs(outcome.text.c_str(), *outcome.exit_code == 0 ? stdout : stderr);
  std::exit(*outcome.exit_code);
}

}  // namespace slipway::config
