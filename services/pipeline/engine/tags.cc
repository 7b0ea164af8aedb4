#include "services/pipeline/engine/tags.h"

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/journal/journal.h"
#include "libs/plan/tag_pattern.h"
#include "libs/rpc/errors.h"
#include "services/pipeline/domain/kind.h"
#include "services/pipeline/engine/errors.h"
#include "services/pipeline/store/resource_store.h"
#include "services/pipeline/store/tag_store.h"

namespace slipway::pipeline {
namespace {

constexpr size_t kMaxKey = 200;

absl::Status CheckRequest(const v1::ReserveImageTagRequest& request) {
  SLIPWAY_RETURN_IF_ERROR(ParseName(Kind::kWorkflow, request.workflow(), "workflow").status());
  if (request.idempotency_key().empty() || request.idempotency_key().size() > kMaxKey) {
    return InvalidField("idempotency_key", "must be 1 to 200 bytes");
  }
  if (request.registry_host().empty()) return InvalidField("registry_host", "must not be empty");
  if (request.repository().empty()) return InvalidField("repository", "must not be empty");
  if (plan::HasTagCounter(request.pattern())) {
    const std::string problem = plan::TagPatternProblem(request.pattern());
    return problem.empty() ? absl::OkStatus() : InvalidField("pattern", problem);
  }
  return plan::IsImageTag(request.pattern()) ? absl::OkStatus()
                                             : InvalidField("pattern", "is no image tag");
}

absl::Status RecordRefusal(db::Tx& tx, const store::TagReservation& reservation,
                           const absl::Status& refusal) {
  journal::Record record;
  record.subject = reservation.workflow;
  record.kind = "workflow";
  record.event = "image_tag.refused";
  record.verdict = journal::Verdict::kRefused;
  record.rule = "spec.source.build.image.tag";
  record.message = MessageOf(refusal);
  record.values = {{"registry", reservation.registry_host},
                   {"repository", reservation.repository},
                   {"tag", reservation.tag}};
  record.project = ProjectOf(reservation.workflow);
  record.app = AppOf(reservation.workflow);
  return journal::Append(tx, record);
}

}  // namespace

absl::StatusOr<std::string> Tags::Reserve(const Caller& caller,
                                          const v1::ReserveImageTagRequest& request) const {
  SLIPWAY_RETURN_IF_ERROR(CheckRequest(request));
  // The refusal is told after the commit, which keeps the counter's step and the record.
  absl::Status refusal;
  const auto tag = db::RunTx(
      pool_, "tags.reserve", caller.deadline, [&](db::Tx& tx) -> absl::StatusOr<std::string> {
        refusal = absl::OkStatus();
        SLIPWAY_ASSIGN_OR_RETURN(const auto before,
                                 store::FindReservation(tx, request.idempotency_key()));
        if (before) return before->tag;
        SLIPWAY_ASSIGN_OR_RETURN(const auto workflow,
                                 store::Find(tx, request.workflow(), store::Lock::kNone));
        if (!workflow) return rpc::ResourceNotFound(request.workflow());
        const bool counts = plan::HasTagCounter(request.pattern());
        store::TagReservation reservation{request.idempotency_key(), request.workflow(),
                                          request.registry_host(), request.repository(),
                                          request.pattern()};
        if (counts) {
          SLIPWAY_ASSIGN_OR_RETURN(const int64_t number,
                                   store::NextTagNumber(tx, request.workflow()));
          reservation.tag = plan::TagFor(request.pattern(), number);
        }
        SLIPWAY_ASSIGN_OR_RETURN(const bool reserved, store::TryReserve(tx, reservation));
        if (reserved) return reservation.tag;
        // The same key at the same moment: its tag is the answer.
        SLIPWAY_ASSIGN_OR_RETURN(const auto meanwhile,
                                 store::FindReservation(tx, request.idempotency_key()));
        if (meanwhile) return meanwhile->tag;
        refusal = ImageTagTaken(reservation.repository, reservation.tag, counts);
        SLIPWAY_RETURN_IF_ERROR(RecordRefusal(tx, reservation, refusal));
        return std::string();
      });
  if (tag.ok() && !refusal.ok()) return refusal;
  return tag;
}

absl::Status Tags::Release(const Caller& caller, std::string_view idempotency_key,
                           bool used) const {
  return db::RunTx(pool_, "tags.release", caller.deadline, [&](db::Tx& tx) {
    return used ? store::MarkUsed(tx, idempotency_key) : store::Release(tx, idempotency_key);
  });
}

}  // namespace slipway::pipeline
