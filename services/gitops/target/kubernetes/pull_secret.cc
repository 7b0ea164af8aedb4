#include "services/gitops/target/kubernetes/pull_secret.h"

#include <boost/json.hpp>
#include <set>
#include <string_view>

#include "libs/base/encoding.h"

namespace slipway::gitops::kubernetes {
namespace {

namespace bj = boost::json;

bj::object* Member(bj::object* object, const char* key) {
  bj::value* value = object != nullptr ? object->if_contains(key) : nullptr;
  return value != nullptr ? value->if_object() : nullptr;
}

// The pod's spec within an object that makes pods; null for all others.
bj::object* PodSpecOf(kube::Object& object) {
  const kube::Gvk gvk = object.gvk();
  bj::object* spec = Member(&object.body(), "spec");
  if (gvk.group.empty() && gvk.kind == "Pod") return spec;
  if (gvk.group == "batch" && gvk.kind == "CronJob") {
    spec = Member(Member(spec, "jobTemplate"), "spec");
  } else if (gvk.group != "apps" && gvk.group != "batch") {
    return nullptr;
  }
  return Member(Member(spec, "template"), "spec");
}

bool UsesHost(const bj::object& pod, const std::string& host) {
  for (const char* list : {"containers", "initContainers"}) {
    const bj::array* containers = kube::GetArray(pod, list);
    if (containers == nullptr) continue;
    for (const bj::value& container : *containers) {
      if (!container.is_object()) continue;
      if (kube::GetString(container.get_object(), "image").starts_with(host + "/")) return true;
    }
  }
  return false;
}

kube::Object MakeSecret(const std::vector<PullCredential>& credentials, const std::string& ns,
                        const std::string& name) {
  bj::object auths;
  for (const PullCredential& credential : credentials) {
    auths[credential.host] = {
        {"username", credential.username},
        {"password", credential.password},
        {"auth", Base64Encode(credential.username + ":" + credential.password)}};
  }
  const std::string config = bj::serialize(bj::object{{"auths", std::move(auths)}});
  return kube::Object(bj::object{{"apiVersion", "v1"},
                                 {"kind", "Secret"},
                                 {"metadata", {{"name", name}, {"namespace", ns}}},
                                 {"type", "kubernetes.io/dockerconfigjson"},
                                 {"data", {{".dockerconfigjson", Base64Encode(config)}}}});
}

}  // namespace

std::vector<kube::Object> AddPullSecrets(std::vector<kube::Object>& objects,
                                         const std::vector<PullCredential>& credentials,
                                         const std::string& name) {
  std::set<std::string> namespaces;
  for (kube::Object& object : objects) {
    bj::object* pod = PodSpecOf(object);
    if (pod == nullptr || pod->contains("imagePullSecrets")) continue;
    for (const PullCredential& credential : credentials) {
      if (!UsesHost(*pod, credential.host)) continue;
      (*pod)["imagePullSecrets"] = bj::array{bj::object{{"name", name}}};
      namespaces.insert(std::string(object.ns()));
      break;
    }
  }
  std::vector<kube::Object> secrets;
  secrets.reserve(namespaces.size());
  for (const std::string& ns : namespaces) secrets.push_back(MakeSecret(credentials, ns, name));
  return secrets;
}

}  // namespace slipway::gitops::kubernetes
