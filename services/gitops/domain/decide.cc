#include "services/gitops/domain/decide.h"

namespace slipway::gitops {
namespace {

using Verdict = slipway::records::v1::Record;

}  // namespace

CandidateDecision Decide(const CandidateFacts& facts) {
  const std::string order = std::to_string(facts.image.order);
  CandidateDecision decision;
  decision.values = {{"image", facts.image.digest}, {"order", order}, {"ref", facts.image.ref}};
  const auto no = [&](Verdict::Verdict verdict, std::string rule, std::string message) {
    decision.verdict = verdict;
    decision.rule = std::move(rule);
    decision.message = std::move(message);
    return decision;
  };
  if (facts.deployed_by > 0) {
    return no(
        Verdict::SKIPPED, "image.once",
        "this image was deployed here before, by deployment " + std::to_string(facts.deployed_by));
  }
  if (!facts.after.empty() && !facts.healthy_in_after) {
    return no(Verdict::SKIPPED, "deploymentPipeline.after",
              "it was never healthy in environment \"" + facts.after + "\"");
  }
  if (facts.newest_order && facts.image.order < *facts.newest_order) {
    decision.values["newest"] = std::to_string(*facts.newest_order);
    return no(Verdict::SKIPPED, "image.order",
              "an older build ended later: order " + order + " of " + facts.image.ref + ", order " +
                  std::to_string(*facts.newest_order) + " is deployed already");
  }
  if (facts.pinned_by > 0 && facts.pin_floor && facts.image.order <= *facts.pin_floor) {
    decision.values["floor"] = std::to_string(*facts.pin_floor);
    return no(Verdict::SKIPPED, "environment.pinned",
              "the rollback by deployment " + std::to_string(facts.pinned_by) +
                  " holds the environment until an image newer than order " +
                  std::to_string(*facts.pin_floor) + " comes");
  }
  if (!facts.automatic) {
    return no(Verdict::WAITING, "deploymentPipeline.trigger",
              "waits for a person: slipway deploy " + facts.where.Short() + " --image " +
                  facts.image.digest);
  }
  if (!facts.active_provider) {
    return no(Verdict::REFUSED, "gitopsProvider.active",
              "no active GitOps provider: apply a GitOpsProvider with \"active: true\", then "
              "deploy with slipway deploy " +
                  facts.where.Short());
  }
  decision.deploy = true;
  decision.verdict = Verdict::STARTED;
  decision.rule = "deploymentPipeline.trigger";
  decision.message = "the newest image of " + facts.image.ref + " deploys by itself";
  return decision;
}

}  // namespace slipway::gitops
