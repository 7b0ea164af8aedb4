#include "services/trigger/domain/inbox.h"

#include <boost/json.hpp>
#include <map>

#include "absl/strings/numbers.h"
#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/id.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/db/run_tx.h"
#include "libs/forge/github.h"
#include "libs/forge/repository_url.h"
#include "libs/forge/signature.h"
#include "libs/journal/journal.h"
#include "libs/telemetry/trace_context.h"
#include "services/trigger/domain/hook_secret.h"

namespace slipway::trigger {
namespace {

namespace pb = slipway::trigger::v1;

// Kept of the headers: what is needed to read the body again.
constexpr const char* kKeptHeaders[] = {"content-type", "x-github-event", "x-github-delivery",
                                        "user-agent"};
// Time of the push in microseconds, as the private git host says it; shown in timelines, decides
// nothing.
constexpr char kPushedAtHeader[] = "x-slipway-pushed-at";

std::string KeptHeaders(const http::Headers& headers) {
  boost::json::object kept;
  for (const char* name : kKeptHeaders) {
    const std::string_view value = http::FindHeader(headers, name);
    if (!value.empty()) kept[name] = ToValidUtf8(Truncate(value, 256));
  }
  return boost::json::serialize(kept);
}

std::string LowerForge(const std::string& forge) { return ToLower(forge); }

absl::Time PushedAt(const pb::DeliverBatchRequest::Incoming& incoming, absl::Time received) {
  const auto found = incoming.headers().find(kPushedAtHeader);
  int64_t micros = 0;
  if (found == incoming.headers().end() || !absl::SimpleAtoi(found->second, &micros))
    return absl::InfinitePast();
  const absl::Time at = absl::FromUnixMicros(micros);
  return at <= received && received - at < absl::Hours(24) ? at : absl::InfinitePast();
}

}  // namespace

Inbox::Checked Inbox::Check(const Incoming& incoming, const store::HookRow* hook,
                            absl::Time now) const {
  Checked checked;
  const auto refuse = [&checked](int status, std::string reason, std::string message) {
    checked.refused = true;
    checked.reason = std::move(reason);
    checked.refusal.set_status(status);
    checked.refusal.set_message(std::move(message));
    return checked;
  };
  if (hook == nullptr || LowerForge(hook->forge) != incoming.forge())
    return refuse(404, "unknown hook", "there is no such hook");
  const http::Headers headers(incoming.headers().begin(), incoming.headers().end());
  auto secret = parts_.keys.Open(hook->secret, HookSecretPlace(hook->id));
  if (!secret.ok())
    return refuse(503, "secret can't be opened", "the hook's secret can't be opened: set it anew");
  const absl::Status verified = forge::VerifyGitHubSignature(headers, incoming.body(), *secret);
  seal::Wipe(*secret);
  if (!verified.ok()) return refuse(401, DetailsOf(verified).reason, MessageOf(verified));
  const auto events = forge::ReadGitHubDelivery(headers, incoming.body());
  if (!events.ok()) return refuse(400, "payload", MessageOf(events.status()));
  const forge::Event& event = events->front();

  store::DeliveryRow& row = checked.row;
  const auto trace = telemetry::TraceContext::ParseOrNew(incoming.traceparent());
  row.id = NewUlid(now);
  row.hook = hook->id;
  row.forge = hook->forge;
  row.forge_id = event.delivery_id;
  row.body = incoming.body();
  row.body_hash = Sha256(incoming.body());
  row.headers = KeptHeaders(headers);
  row.event = event.name;
  row.repository = Truncate(ToValidUtf8(event.repository.full_name), 512);
  row.ref = ToValidUtf8(event.ref);
  row.commit = event.after;
  row.order_key =
      row.hook + " " + forge::NormaliseRepositoryUrl(event.repository.clone_url) + " " + row.ref;
  row.traceparent = trace.ToString();
  row.trace_id = trace.trace_id;
  return checked;
}

absl::StatusOr<Inbox::Answer> Inbox::Store(db::Tx& tx, const store::DeliveryRow& row,
                                           const Incoming& incoming, absl::Time now, bool& is_new) {
  Answer answer;
  SLIPWAY_ASSIGN_OR_RETURN(is_new, store::InsertDelivery(tx, row, now));
  if (!is_new) {
    SLIPWAY_ASSIGN_OR_RETURN(const auto earlier, store::FindByForgeId(tx, row.hook, row.forge_id));
    const bool same = earlier && earlier->body_hash == row.body_hash;
    answer.set_status(same ? 200 : 409);
    if (earlier) answer.set_delivery("deliveries/" + earlier->id);
    answer.set_message(same ? "received before"
                            : "an earlier delivery with this id had another body");
    return answer;
  }
  const std::string name = "deliveries/" + row.id;
  if (const absl::Time pushed = PushedAt(incoming, now); pushed != absl::InfinitePast()) {
    SLIPWAY_RETURN_IF_ERROR(
        journal::Append(tx, {.subject = name,
                             .kind = "delivery",
                             .event = "push.received",
                             .message = "push received by the git host",
                             .values = {{"ref", row.ref}, {"commit", row.commit}},
                             .trace_id = row.trace_id,
                             .time = pushed}));
  }
  SLIPWAY_RETURN_IF_ERROR(journal::Append(
      tx, {.subject = name,
           .kind = "delivery",
           .event = "delivery.stored",
           .verdict = journal::Verdict::kAccepted,
           .message = "delivery stored, answered 202",
           .values = {{"event", row.event}, {"repository", row.repository}, {"ref", row.ref}},
           .related = {"hooks/" + row.hook},
           .trace_id = row.trace_id}));
  answer.set_status(202);
  answer.set_delivery(name);
  answer.set_message("accepted");
  return answer;
}

absl::StatusOr<pb::DeliverBatchResponse> Inbox::Deliver(const pb::DeliverBatchRequest& request,
                                                        absl::Time deadline) {
  if (request.deliveries_size() > 64) return InvalidField("deliveries", "at most 64 at once");
  std::vector<std::string> ids;
  for (const Incoming& incoming : request.deliveries()) ids.push_back(incoming.hook());
  SLIPWAY_ASSIGN_OR_RETURN(const auto hooks,
                           db::RunTx(parts_.pool, "inbox.hooks", deadline,
                                     [&](db::Tx& tx) { return store::FindHooks(tx, ids); }));
  std::map<std::string, const store::HookRow*> by_id;
  for (const store::HookRow& hook : hooks) by_id[hook.id] = &hook;

  const absl::Time now = parts_.clock.Now();
  std::vector<Checked> checked;
  bool any_to_store = false;
  for (const Incoming& incoming : request.deliveries()) {
    const auto found = by_id.find(incoming.hook());
    checked.push_back(Check(incoming, found == by_id.end() ? nullptr : found->second, now));
    any_to_store = any_to_store || !checked.back().refused;
    if (checked.back().refused) {
      parts_.refusals.Count(found == by_id.end() ? "" : incoming.hook(), checked.back().reason,
                            incoming.address());
    }
  }

  pb::DeliverBatchResponse response;
  bool stored = false;
  const auto store_all = [&](db::Tx& tx) -> absl::Status {
    response.Clear();
    stored = false;
    for (int i = 0; i < request.deliveries_size(); ++i) {
      if (checked[i].refused) {
        *response.add_answers() = checked[i].refusal;
        continue;
      }
      bool is_new = false;
      SLIPWAY_ASSIGN_OR_RETURN(*response.add_answers(),
                               Store(tx, checked[i].row, request.deliveries(i), now, is_new));
      stored = stored || is_new;
    }
    return absl::OkStatus();
  };
  if (!any_to_store) {
    for (const Checked& one : checked) *response.add_answers() = one.refusal;
    return response;
  }
  SLIPWAY_RETURN_IF_ERROR(db::RunTx(parts_.pool, "inbox.store", deadline, store_all));
  if (stored) parts_.stored();
  return response;
}

}  // namespace slipway::trigger
