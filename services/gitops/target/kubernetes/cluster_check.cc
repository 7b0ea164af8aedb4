#include "services/gitops/target/kubernetes/cluster_check.h"

#include <boost/json.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/json/json.h"
#include "libs/kube/client/answer.h"
#include "libs/kube/client/client.h"
#include "libs/kube/client/discovery.h"
#include "services/gitops/target/kubernetes/access.h"

namespace slipway::gitops::kubernetes {
namespace {

namespace bj = boost::json;
namespace pb = slipway::gitops::v1;

// What went right, or wrong with a remedy.
struct Found {
  bool ok = false;
  std::string message = {};
  std::string remedy = {};
};

// A right that syncs need.
struct Right {
  const char* group;
  const char* resource;
  const char* verb;
  bool needed;  // without it no app can be synced; else some can't
};
constexpr Right kRights[] = {
    {"apps", "deployments", "patch", true},
    {"apps", "deployments", "delete", true},
    {"apps", "deployments", "watch", true},
    {"", "services", "patch", true},
    {"", "services", "delete", true},
    {"", "services", "watch", true},
    {"", "configmaps", "patch", true},
    {"", "secrets", "patch", true},
    {"", "secrets", "watch", true},
    {"", "pods", "list", false},
    {"", "events", "list", false},
    {"", "namespaces", "create", false},
    {"networking.k8s.io", "ingresses", "patch", false},
    {"batch", "jobs", "create", false},
    {"rbac.authorization.k8s.io", "clusterroles", "patch", false},
    {"apiextensions.k8s.io", "customresourcedefinitions", "patch", false},
};

void Add(pb::CheckClusterResponse& response, const std::string& name,
         const std::function<Found()>& look) {
  const absl::Time began = absl::Now();
  const Found found = look();
  auto& stage = *response.add_stages();
  stage.set_name(name);
  stage.set_ok(found.ok);
  stage.set_message(found.message);
  stage.set_remedy(found.remedy);
  stage.set_duration_ms(absl::ToInt64Milliseconds(absl::Now() - began));
  response.set_ok(found.ok);
}

absl::StatusOr<bj::object> Post(kube::Client& client, const std::string& path,
                                const bj::object& body) {
  kube::Request request;
  request.verb = "create";
  request.method = "POST";
  request.path = path;
  request.content_type = "application/json";
  request.body = bj::serialize(body);
  request.timeout = absl::Seconds(10);
  kube::Answer answer = kube::Judge(client.Do(std::move(request)), "POST " + path);
  if (!answer.ok()) return answer.error;
  SLIPWAY_ASSIGN_OR_RETURN(bj::value value, json::Parse(answer.body));
  if (!value.is_object()) return absl::InternalError("the server's answer is no object");
  return std::move(value.get_object());
}

const bj::object* Part(const bj::object* object, const char* key) {
  return object != nullptr ? kube::GetObject(*object, key) : nullptr;
}

Found SignIn(kube::Client& client) {
  const auto review =
      Post(client, "/apis/authentication.k8s.io/v1/selfsubjectreviews",
           {{"apiVersion", "authentication.k8s.io/v1"}, {"kind", "SelfSubjectReview"}});
  if (absl::IsNotFound(review.status())) return {true, "the server does not say who this is", ""};
  if (!review.ok()) {
    return {false, MessageOf(review.status()),
            "give the cluster a kubeconfig or token that its server takes"};
  }
  const bj::object* user = Part(Part(&*review, "status"), "userInfo");
  return {true, "as " + std::string(user != nullptr ? kube::GetString(*user, "username") : ""), ""};
}

absl::StatusOr<bool> May(kube::Client& client, const Right& right) {
  SLIPWAY_ASSIGN_OR_RETURN(
      const bj::object review,
      Post(client, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
           {{"apiVersion", "authorization.k8s.io/v1"},
            {"kind", "SelfSubjectAccessReview"},
            {"spec",
             {{"resourceAttributes",
               {{"group", right.group}, {"resource", right.resource}, {"verb", right.verb}}}}}}));
  const bj::object* status = kube::GetObject(review, "status");
  return status != nullptr && kube::GetBool(*status, "allowed").value_or(false);
}

Found Rights(kube::Client& client) {
  std::vector<std::string> missing, less;
  for (const Right& right : kRights) {
    const auto may = May(client, right);
    if (!may.ok()) return {false, MessageOf(may.status()), "try again"};
    if (*may) continue;
    std::string text = std::string(right.verb) + " " + right.resource;
    if (*right.group != '\0') text += std::string(".") + right.group;
    (right.needed ? missing : less).push_back(std::move(text));
  }
  if (!missing.empty()) {
    return {false, "in all namespaces it may not: " + Join(missing, ", "),
            "bind the account to a ClusterRole with these rights, or to one in each namespace of "
            "an environment"};
  }
  if (!less.empty()) {
    return {true, "enough for apps; it may not: " + Join(less, ", "), ""};
  }
  return {true, "all that syncs need", ""};
}

}  // namespace

pb::CheckClusterResponse CheckCluster(const slipway::pipeline::v1::KubernetesTarget& definition,
                                      const http::OutgoingGuard* guard) {
  pb::CheckClusterResponse response;
  std::unique_ptr<kube::Client> client;
  Add(response, "definition", [&]() -> Found {
    auto access = AccessOf(definition);
    if (!access.ok()) {
      return {false, MessageOf(access.status()), "apply the cluster again with this corrected"};
    }
    auto made = kube::Client::Create(*std::move(access), {.guard = guard});
    if (!made.ok()) {
      return {false, MessageOf(made.status()), "apply the cluster again with this corrected"};
    }
    client = *std::move(made);
    return {true, client->server(), ""};
  });
  if (!response.ok()) return response;
  Add(response, "reach", [&]() -> Found {
    kube::Request request;
    request.path = "/version";
    request.timeout = absl::Seconds(10);
    const auto answer = client->Do(std::move(request));
    // That somebody is refused there is told by the next stage.
    if (answer.ok() && (answer->status == 401 || answer->status == 403)) {
      return {true, "answered " + std::to_string(answer->status), ""};
    }
    if (!answer.ok()) {
      return {false, MessageOf(answer.status()),
              "correct the address, or let this installation reach it (allowed-hosts)"};
    }
    const auto version = json::Parse(answer->body);
    if (!version.ok() || !version->is_object()) {
      return {false, "the answer is not that of an API server", "correct the address"};
    }
    response.set_version(std::string(kube::GetString(version->get_object(), "gitVersion")));
    return {true, response.version(), ""};
  });
  if (!response.ok()) return response;
  Add(response, "sign-in", [&] { return SignIn(*client); });
  if (!response.ok()) return response;
  Add(response, "rights", [&] { return Rights(*client); });
  return response;
}

}  // namespace slipway::gitops::kubernetes
