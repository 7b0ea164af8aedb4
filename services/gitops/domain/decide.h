#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "services/gitops/domain/deployment.h"
#include "slipway/records/v1/records.pb.h"

namespace slipway::gitops {

// What is known when an image may be for an environment. A value.
struct CandidateFacts {
  AppEnvironment where = {};
  ImageRecord image = {};
  bool automatic = false;  // trigger of the deployment pipeline
  std::string after = {};  // environment that must have been healthy with this image; empty: none
  bool healthy_in_after = false;
  std::optional<std::string> active_provider = {};  // name of the GitOps provider in force
  std::optional<int64_t> newest_order =
      {};                   // highest order deployed or queued here of the same workflow and ref
  int64_t deployed_by = 0;  // number of a deployment of this very image here; 0: none
  int64_t pinned_by = 0;    // number of the deployment that holds the environment
  std::optional<int64_t> pin_floor = {};  // newest order of workflow and ref when it was pinned
};

// What becomes of a candidate. A value.
struct CandidateDecision {
  bool deploy = false;
  slipway::records::v1::Record::Verdict verdict = slipway::records::v1::Record::VERDICT_UNSPECIFIED;
  std::string rule = {};
  std::string message = {};
  std::map<std::string, std::string> values = {};
};

// Whether an image deploys by itself. Pure.
CandidateDecision Decide(const CandidateFacts& facts);

}  // namespace slipway::gitops
