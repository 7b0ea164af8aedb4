#pragma once

#include <map>
#include <set>
#include <string>

#include "services/gitops/testing/fake_hosts/fake_host.h"

namespace slipway::gitops::fake {

// GitHub as https://docs.github.com/en/rest describes it (version 2022-11-28), with organization
// "acme" and user "ada", whose token is accepted. Quirks: without User-Agent it is 403; what a
// token may not see is 404; a renamed repository is 301; scopes of classic tokens are in
// X-OAuth-Scopes.
class FakeGitHub final : public FakeHost {
 public:
  FakeGitHub();
  ~FakeGitHub() override { Stop(); }

  // A fine-grained token has no scopes in its answers.
  void SetFineGrained(bool fine_grained) { fine_grained_ = fine_grained; }
  // `from` is answered with 301 to `to` from now on.
  void Rename(const std::string& from, const std::string& to);

 protected:
  http::ServerResponse Answer(const Call& call) override;
  std::string FolderOf(const std::string& name) const override {
    return OwnerOf(name) + "/" + name;
  }

 private:
  http::ServerResponse Route(const Call& call);
  http::ServerResponse Create(const Call& call);
  boost::json::object Describe(const std::string& name) const;

  std::string OwnerOf(const std::string& name) const {
    return of_user_.contains(name) ? "ada" : "acme";
  }

  bool fine_grained_ = false;
  std::set<std::string> of_user_;  // repositories of ada's own
  std::map<std::string, std::string> renamed_;
};

}  // namespace slipway::gitops::fake
