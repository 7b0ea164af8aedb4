#pragma once

#include <string>
#include <vector>

#include "services/gitops/testing/fake_hosts/fake_host.h"

namespace slipway::gitops::fake {

// Azure DevOps Services as https://learn.microsoft.com/en-us/rest/api/azure/devops/ describes it,
// with organisation "acme" and project "Shop Floor". Quirks: a wrong token is 203 and a page;
// without api-version it is 400; deleting goes by GUID only, into a recycle bin; a taken name is
// 409 TF400948; disabled repositories. Scopes: "vso.code_manage", "vso.code_write", "vso.project".
class FakeAzureDevOps final : public FakeHost {
 public:
  FakeAzureDevOps();
  ~FakeAzureDevOps() override { Stop(); }

  // The organisation's URL.
  std::string HostUrl() const { return ApiUrl() + "/acme"; }
  void SetPublic(bool is_public) { public_ = is_public; }
  // A wrong token is answered with 302 to another host instead of 203.
  void SetRedirects(bool redirects) { redirects_ = redirects; }
  std::vector<std::string> RecycleBin() const { return bin_; }

 protected:
  http::ServerResponse Answer(const Call& call) override;
  std::string FolderOf(const std::string& name) const override;

 private:
  http::ServerResponse Repositories(const Call& call);
  http::ServerResponse OneRepository(const Call& call);
  std::string GuidOf(const FakeRepository& repository) const;
  boost::json::object Project() const;
  boost::json::object Describe(const std::string& name) const;

  bool public_ = false;
  bool redirects_ = false;
  std::vector<std::string> bin_;  // GUIDs
};

}  // namespace slipway::gitops::fake
