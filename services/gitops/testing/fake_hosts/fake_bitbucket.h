#pragma once

#include <string>

#include "services/gitops/testing/fake_hosts/fake_host.h"

namespace slipway::gitops::fake {

// Bitbucket Cloud as https://developer.atlassian.com/cloud/bitbucket/rest/ describes it, with
// workspace "acme" and the projects OLD (2015) and NEW. Quirks: creating answers 200; a taken name
// is 400; a missing scope is 403 that names it; the API takes the e-mail, git a user name; the user
// can be read with a scope of its own only.
class FakeBitbucket final : public FakeHost {
 public:
  FakeBitbucket();
  ~FakeBitbucket() override { Stop(); }

  static constexpr char kEmail[] = "ada@acme.example";
  // Access tokens: Bearer, and "x-token-auth" for git.
  void TakeAccessToken();
  void SetNoProjects(bool none) { no_projects_ = none; }

 protected:
  http::ServerResponse Answer(const Call& call) override;
  std::string FolderOf(const std::string& name) const override { return "acme/" + name; }

 private:
  http::ServerResponse Projects(const Call& call) const;
  http::ServerResponse OneRepository(const Call& call);
  boost::json::object Describe(const std::string& name) const;

  std::string authorization_;
  bool no_projects_ = false;
};

}  // namespace slipway::gitops::fake
