#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace slipway::cli {

// A variable of the environment, if it is set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// What `slipway login` and `slipway use` keep, in $XDG_CONFIG_HOME/slipway/config (mode 0600). A
// value.
struct StoredLogin {
  std::string url = {};
  std::string user = {};
  std::string token = {};
  std::string project = {};
};

// Where the suite is and who calls. The environment wins over the stored login, and that over
// .slipway/env of the current folder, which tools/up writes. Immutable after Load.
class Settings {
 public:
  // `environment` must outlive nothing: it is copied. An unreadable file is an error; none is fine.
  static absl::StatusOr<Settings> Load(Environment environment, const std::string& folder = ".");

  const std::string& url() const { return url_; }  // without "/" at the end; "" if none is known
  const std::string& token() const { return token_; }      // "" if none is known
  const std::string& project() const { return project_; }  // "" if none is chosen
  const StoredLogin& stored() const { return stored_; }

  // For ${NAME} in manifests: the environment, then .slipway/env where the suite is taken from it.
  std::optional<std::string> Variable(const std::string& name) const;

  // Writes the stored login anew.
  absl::Status Store(const StoredLogin& login) const;

 private:
  void ReadSuiteFile(const std::string& path);

  Environment environment_;
  std::map<std::string, std::string> suite_;  // of .slipway/env
  std::string path_;                          // of the stored login
  StoredLogin stored_;
  std::string url_;
  std::string token_;
  std::string project_;
};

}  // namespace slipway::cli
