#include "tools/slipway/client/settings.h"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>

#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/json/json.h"
#include "tools/slipway/client/json_text.h"
#include "tools/slipway/errors.h"

namespace slipway::cli {
namespace {

namespace bj = boost::json;

std::string ConfigPath(const Environment& environment) {
  if (const auto folder = environment("XDG_CONFIG_HOME"); folder && !folder->empty())
    return *folder + "/slipway/config";
  if (const auto home = environment("HOME"); home && !home->empty())
    return *home + "/.config/slipway/config";
  return "";
}

// Ours alone: a folder that came from elsewhere, by git or an archive, must not choose where this
// program talks to.
bool IsPrivate(const std::string& path) {
  struct stat info = {};
  return ::stat(path.c_str(), &info) == 0 && info.st_uid == ::geteuid() &&
         (info.st_mode & 077) == 0;
}

std::string WithoutSlash(std::string url) {
  while (!url.empty() && url.back() == '/') url.pop_back();
  return url;
}

absl::StatusOr<StoredLogin> ReadLogin(const std::string& path) {
  if (path.empty() || !PathExists(path)) return StoredLogin{};
  SLIPWAY_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, 1 << 20));
  const absl::StatusOr<bj::value> value = json::Parse(text);
  if (!value.ok()) return BadUsage(path + " can't be read; sign in anew with: slipway login URL");
  return StoredLogin{.url = WithoutSlash(Text(*value, "url")),
                     .user = Text(*value, "user"),
                     .token = Text(*value, "token"),
                     .project = Text(*value, "project")};
}

}  // namespace

void Settings::ReadSuiteFile(const std::string& path) {
  if (!IsPrivate(path)) return;
  const absl::StatusOr<std::string> text = ReadFile(path, 1 << 20);
  if (!text.ok()) return;
  constexpr std::string_view kExport = "export ";
  for (const std::string& line : Split(*text, '\n')) {
    const size_t equals = line.find('=');
    if (!line.starts_with(kExport) || equals == std::string::npos) continue;
    std::string value = line.substr(equals + 1);
    if (value.size() >= 2 && value.front() == '\'' && value.back() == '\'')
      value = value.substr(1, value.size() - 2);
    suite_[line.substr(kExport.size(), equals - kExport.size())] = value;
  }
}

absl::StatusOr<Settings> Settings::Load(Environment environment, const std::string& folder) {
  Settings settings;
  settings.environment_ = std::move(environment);
  settings.path_ = ConfigPath(settings.environment_);
  SLIPWAY_ASSIGN_OR_RETURN(settings.stored_, ReadLogin(settings.path_));
  const std::string from_environment =
      WithoutSlash(settings.environment_("SLIPWAY_URL").value_or(""));
  if (!from_environment.empty()) {
    settings.url_ = from_environment;
  } else if (!settings.stored_.url.empty()) {
    settings.url_ = settings.stored_.url;
  } else {
    settings.ReadSuiteFile(folder + "/.slipway/env");
    settings.url_ = WithoutSlash(settings.Variable("SLIPWAY_URL").value_or(""));
  }
  settings.token_ = settings.Variable("SLIPWAY_TOKEN").value_or("");
  // A token is never sent to another server than the one that it came from.
  if (settings.token_.empty() && settings.stored_.url == settings.url_)
    settings.token_ = settings.stored_.token;
  settings.project_ = settings.environment_("SLIPWAY_PROJECT").value_or("");
  if (settings.project_.empty()) settings.project_ = settings.stored_.project;
  if (settings.project_.empty())
    settings.project_ = settings.Variable("SLIPWAY_PROJECT").value_or("");
  return settings;
}

std::optional<std::string> Settings::Variable(const std::string& name) const {
  if (auto value = environment_(name)) return value;
  const auto found = suite_.find(name);
  return found == suite_.end() ? std::nullopt : std::optional(found->second);
}

absl::Status Settings::Store(const StoredLogin& login) const {
  if (path_.empty())
    return BadUsage("there is no place to keep the login: set HOME or XDG_CONFIG_HOME");
  SLIPWAY_RETURN_IF_ERROR(MakeDirectories(path_.substr(0, path_.rfind('/'))));
  const bj::object text = {
      {"url", login.url}, {"user", login.user}, {"token", login.token}, {"project", login.project}};
  return WriteFileAtomic(path_, bj::serialize(text) + "\n", 0600);
}

}  // namespace slipway::cli
