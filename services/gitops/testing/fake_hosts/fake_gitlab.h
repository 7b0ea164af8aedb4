#pragma once

#include <string>

#include "services/gitops/testing/fake_hosts/fake_host.h"

namespace slipway::gitops::fake {

// GitLab as https://docs.gitlab.com/api/ describes it, with group 42, "acme/platform". Quirks: a
// taken name is 400; an empty project has no default branch; from version 18 on a deletion only
// marks and renames, and a second one with the new path removes; older versions delete, but later.
class FakeGitLab final : public FakeHost {
 public:
  FakeGitLab();
  ~FakeGitLab() override { Stop(); }

  // Before version 18: deletions delete. A server that old does not tell about tokens either.
  void SetOld(bool old) { old_ = old; }
  void SetExpiry(const std::string& date) { expires_ = date; }

 protected:
  http::ServerResponse Answer(const Call& call) override;
  std::string FolderOf(const std::string& name) const override { return "acme/platform/" + name; }

 private:
  http::ServerResponse OneProject(const Call& call);
  http::ServerResponse Create(const Call& call);
  http::ServerResponse Delete(const Call& call, const std::string& name);
  std::string NameOf(const std::string& id_or_path) const;
  boost::json::object Describe(const std::string& name) const;

  bool old_ = false;
  std::string expires_ = "2099-01-01";
};

}  // namespace slipway::gitops::fake
