// What is for Kubernetes clusters only: fields that are left to others, and rules about health.
#include <google/protobuf/util/json_util.h>

#include <boost/json.hpp>
#include <string>

#include "libs/base/error.h"
#include "libs/kube/health.h"
#include "libs/kube/ignore_rule.h"
#include "services/pipeline/domain/validate.h"

namespace slipway::pipeline {
namespace {

constexpr int kMaxIgnored = 100;

}  // namespace

void ValidateIgnoreDifferences(const v1::DeploySpec& spec, const std::string& path,
                               Violations* violations) {
  const auto& all = spec.ignore_differences();
  if (all.size() > kMaxIgnored) {
    return violations->Add(path + ".ignoreDifferences",
                           "has more than " + std::to_string(kMaxIgnored) + " entries");
  }
  for (int i = 0; i < all.size(); ++i) {
    const v1::IgnoreDifference& one = all[i];
    violations->AddAll(
        path + ".ignoreDifferences[" + std::to_string(i) + "]",
        kube::ValidateIgnoreRule(
            {.group = one.group(),
             .kind = one.kind(),
             .ns = one.namespace_(),
             .name = one.name(),
             .json_pointers = {one.json_pointers().begin(), one.json_pointers().end()},
             .managers = {one.managed_fields_managers().begin(),
                          one.managed_fields_managers().end()}}));
  }
}

void ValidateHealthRules(const v1::KubernetesTarget& spec, const std::string& path,
                         Violations* violations) {
  v1::KubernetesTarget rules;
  *rules.mutable_health_rules() = spec.health_rules();
  std::string text;
  if (rules.health_rules().empty()) return;
  if (!google::protobuf::util::MessageToJsonString(rules, &text).ok()) {
    return violations->Add(path + ".healthRules", "must be text in UTF-8");
  }
  const boost::json::value table = boost::json::parse(text);
  violations->AddAll(path, kube::ParseHealthRules(table.at("healthRules")).status());
}

}  // namespace slipway::pipeline
