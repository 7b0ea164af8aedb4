#include "services/pipeline/domain/ref_rule.h"

#include <re2/re2.h>

namespace slipway::pipeline {
namespace {

constexpr std::string_view kHeads = "refs/heads/";

}  // namespace

std::string BranchOf(std::string_view ref) {
  if (ref.starts_with(kHeads)) return std::string(ref.substr(kHeads.size()));
  return ref.starts_with("refs/") ? "" : std::string(ref);
}

std::string FullBranchRef(std::string_view ref) { return std::string(kHeads) + BranchOf(ref); }

bool Builds(const v1::BuildFrom& from, const std::string& branch) {
  if (branch.empty()) return false;
  if (from.ref_case() == v1::BuildFrom::kBranch) return from.branch() == branch;
  if (from.ref_case() != v1::BuildFrom::kBranchRegex) return false;
  RE2::Options options;
  options.set_log_errors(false);
  const RE2 pattern(from.branch_regex(), options);
  return pattern.ok() && RE2::PartialMatch(branch, pattern);
}

}  // namespace slipway::pipeline
