#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libs/kube/ignore_rule.h"
#include "libs/kube/object.h"

namespace slipway::gitops::sync {

using kube::IgnoreRule;

bool Applies(const IgnoreRule& rule, const kube::ObjectId& id);

// What to apply in the place of the manifest, with what was done, for people. A value.
struct IgnoredPayload {
  kube::Object payload = {};
  std::vector<std::string> left_out = {};   // JSON pointers, or paths of fields of a manager
  std::vector<std::string> kept_live = {};  // sent as they are on the cluster
};

// The payload of an apply of `desired` by `manager` under the rules that apply. A field that
// another manager owns is left out, so it becomes theirs alone; of a field that only we own the
// live value is sent, since leaving it out would delete it; a field that nobody owns, or that is
// not there any more, is left out. While the object isn't on the cluster (`live` is null)
// everything is sent. What makes the object what it is (apiVersion, kind, name, namespace, the keys
// of list items) is always sent.
IgnoredPayload ApplyIgnoreRules(const std::vector<IgnoreRule>& rules, const kube::Object& desired,
                                const kube::Object* live, std::string_view manager);

}  // namespace slipway::gitops::sync
