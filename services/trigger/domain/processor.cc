#include "services/trigger/domain/processor.h"

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <exception>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/db/run_tx.h"
#include "libs/forge/github.h"
#include "libs/forge/repository_url.h"
#include "libs/journal/journal.h"
#include "libs/json/json.h"
#include "libs/log/log.h"
#include "libs/rpc/resource_name.h"
#include "libs/rpc/timestamp.h"

namespace slipway::trigger {
namespace {

namespace pb = slipway::trigger::v1;
namespace buildpb = slipway::build::v1;
namespace pipelinepb = slipway::pipeline::v1;
using Workflow = pipelinepb::FindWorkflowsResponse::Match;

constexpr absl::Duration kLease = absl::Minutes(2);
constexpr absl::Duration kDbTimeout = absl::Seconds(5);
// Errors that are nobody's fault (a service is down) are tried again for ever; others this often.
constexpr int kMaxTries = 8;

// The peer is away or busy: the delivery waits, however long it takes.
bool IsPassing(const absl::Status& status) {
  return status.code() == absl::StatusCode::kUnavailable ||
         status.code() == absl::StatusCode::kDeadlineExceeded ||
         status.code() == absl::StatusCode::kResourceExhausted ||
         status.code() == absl::StatusCode::kUnauthenticated ||
         status.code() == absl::StatusCode::kCancelled;
}

absl::Duration BackOff(int tries) {
  return std::min(absl::Seconds(10), absl::Milliseconds(100) * (1 << std::min(tries, 7)));
}

std::string AppOf(const std::string& workflow) {
  const auto name = rpc::ResourceName::Parse(workflow);
  return name.ok() ? name->Parent() : "";
}

// A hook's entry is a repository, or a prefix that ends with "/" and may be a whole host.
bool CoversRepository(const std::string& entry, const std::string& url) {
  if (entry.ends_with('/')) return forge::IsRepositoryWithin(url, entry);
  return !forge::NormaliseRepositoryUrl(url).empty() &&
         forge::NormaliseRepositoryUrl(entry) == forge::NormaliseRepositoryUrl(url);
}

absl::StatusOr<forge::Event> EventOf(const store::DeliveryRow& delivery) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto headers, json::Parse(delivery.headers));
  http::Headers read;
  const boost::json::object* members = headers.if_object();
  if (members == nullptr) return absl::InternalError("stored headers are no object");
  for (const auto& header : *members) {
    if (header.value().is_string())
      read.emplace_back(std::string(header.key()), std::string(header.value().get_string()));
  }
  SLIPWAY_ASSIGN_OR_RETURN(const auto events, forge::ReadGitHubDelivery(read, delivery.body));
  return events.front();
}

pipelinepb::Commit KnownCommit(const forge::Event& event) {
  pipelinepb::Commit commit;
  if (event.head.id.empty()) return commit;
  commit.set_sha(event.after);
  commit.set_subject(event.head.message.substr(0, event.head.message.find('\n')));
  commit.set_author(event.head.author.name + " <" + event.head.author.email + ">");
  absl::Time time;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, event.head.timestamp, &time, &error)) {
    *commit.mutable_commit_time() = rpc::ToTimestamp(time);
  }
  return commit;
}

std::string Sentence(int started, size_t considered) {
  if (started == 0)
    return considered == 0 ? "accepted, no workflow builds this repository"
                           : "accepted, nothing started";
  return "started " + std::to_string(started) + (started == 1 ? " run" : " runs");
}

}  // namespace

Processor::Processor(Parts parts) : parts_(std::move(parts)) {}
Processor::~Processor() { Stop(); }

absl::Status Processor::Start() {
  SLIPWAY_RETURN_IF_ERROR(db::RunTx(parts_.pool, "processor.release", kDbTimeout, [&](db::Tx& tx) {
    return store::ReleaseClaims(tx, parts_.holder);
  }));
  for (int i = 0; i < parts_.threads; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { Run(stop); });
  }
  return absl::OkStatus();
}

void Processor::Stop() {
  for (auto& thread : threads_) thread.request_stop();
  threads_.clear();
}

void Processor::Wake() {
  {
    MutexLock lock(mu_);
    pending_ = std::min(pending_ + 1, parts_.threads);
  }
  wake_.notify_one();
}

void Processor::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto claimed = db::RunTx(parts_.pool, "processor.claim", kDbTimeout, [&](db::Tx& tx) {
      return store::Claim(tx, parts_.holder, parts_.clock.Now(), kLease, 1);
    });
    if (!claimed.ok()) log::Warn("processor.claim_failed", MessageOf(claimed.status()));
    if (claimed.ok() && !claimed->empty()) {
      ProcessOne(claimed->front());
      continue;
    }
    // Nothing is due. New deliveries wake; what waits for its next try is looked at each half
    // second.
    std::unique_lock lock(mu_);
    wake_.wait_for(lock, stop, std::chrono::milliseconds(500), [this] { return pending_ > 0; });
    if (pending_ > 0) --pending_;
  }
}

void Processor::ProcessOne(store::DeliveryRow delivery) {
  const log::Scope scope({.trace_id = delivery.trace_id});
  std::vector<Outcome> outcomes;
  absl::Status status;
  try {
    status = Process(delivery, outcomes);
  } catch (const std::exception& e) {
    // One delivery that nobody thought of must not stop the others.
    status = absl::InternalError(std::string("exception: ") + e.what());
  }
  if (status.ok()) status = Finish(delivery, outcomes);
  if (!status.ok()) Retry(delivery, status);
  // The next one of the same ref may go now.
  Wake();
}

absl::StatusOr<std::vector<Workflow>> Processor::WorkflowsOf(const store::DeliveryRow& delivery,
                                                             const forge::Event& event) {
  std::vector<Workflow> workflows;
  pipelinepb::FindWorkflowsRequest request;
  for (const std::string& url : event.repository.Urls()) request.add_repository_urls(url);
  do {
    SLIPWAY_ASSIGN_OR_RETURN(const auto page,
                             parts_.peers.FindWorkflows(request, delivery.traceparent));
    workflows.insert(workflows.end(), page.matches().begin(), page.matches().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return workflows;
}

absl::StatusOr<MatchResult> Processor::MatchOne(const store::DeliveryRow& delivery,
                                                const forge::Event& event,
                                                const Workflow& workflow) {
  MatchResult result = Match(event, workflow.workflow(), PathsOf(event));
  if (result.verdict != MatchResult::Verdict::kNeedsPaths) return result;
  pipelinepb::ListChangedPathsRequest request;
  request.set_app(AppOf(workflow.workflow().name()));
  request.set_repository(workflow.repository().name());
  request.set_before(event.before);
  request.set_after(event.after);
  request.set_ref(event.ref);
  const auto changed = parts_.peers.ListChangedPaths(request, delivery.traceparent);
  if (!changed.ok()) {
    if (IsPassing(changed.status())) return changed.status();
    return MatchResult{MatchResult::Verdict::kSkip,
                       "spec.source.build.from.paths",
                       "the changed paths can't be read: " + MessageOf(changed.status()),
                       {}};
  }
  if (changed->truncated()) {
    return MatchResult{MatchResult::Verdict::kStart,
                       "spec.source.build.from.paths",
                       "the push changed more paths than are looked at, so it counts as a match",
                       {}};
  }
  return Match(event, workflow.workflow(),
               std::vector<std::string>(changed->paths().begin(), changed->paths().end()));
}

absl::Status Processor::StartRuns(const store::DeliveryRow& delivery, const forge::Event& event,
                                  const std::vector<const Workflow*>& matched,
                                  std::vector<Outcome*>& outcomes) {
  pipelinepb::CreatePlansRequest plans;
  for (const Workflow* workflow : matched) {
    auto* request = plans.add_requests();
    request->set_workflow(workflow->workflow().name());
    request->set_commit(event.after);
    request->set_ref(event.ref);
    request->set_repository(event.repository.clone_url);
    if (auto known = KnownCommit(event); !known.sha().empty())
      *request->mutable_known_commit() = std::move(known);
  }
  SLIPWAY_ASSIGN_OR_RETURN(const auto planned,
                           parts_.peers.CreatePlans(plans, delivery.traceparent));
  if (planned.results_size() != plans.requests_size())
    return absl::InternalError("CreatePlans gave another number of results");

  buildpb::CreateRunsRequest runs;
  std::vector<Outcome*> planned_outcomes;
  for (int i = 0; i < planned.results_size(); ++i) {
    const auto& result = planned.results(i);
    if (result.error_code() != 0) {
      const absl::Status error(static_cast<absl::StatusCode>(result.error_code()),
                               result.error_message());
      if (IsPassing(error)) return error;
      outcomes[i]->match.set_reason("no plan: " + result.error_message());
      outcomes[i]->decision.verdict = journal::Verdict::kFailed;
      outcomes[i]->decision.event = "match.plan_failed";
      outcomes[i]->decision.message = outcomes[i]->match.reason();
      continue;
    }
    auto* run = runs.add_runs();
    run->set_idempotency_key(delivery.id + " " + matched[i]->workflow().name() + " " + event.ref);
    *run->mutable_plan() = result.plan();
    run->set_cause("push");
    run->set_actor(event.pusher.username.empty() ? "service:trigger"
                                                 : "forge:" + Truncate(event.pusher.username, 128));
    run->set_delivery("deliveries/" + delivery.id);
    run->set_traceparent(delivery.traceparent);
    outcomes[i]->decision.values["plan"] = result.digest();
    planned_outcomes.push_back(outcomes[i]);
  }
  if (runs.runs().empty()) return absl::OkStatus();
  SLIPWAY_ASSIGN_OR_RETURN(const auto created, parts_.peers.CreateRuns(runs, delivery.traceparent));
  if (created.results_size() != runs.runs_size())
    return absl::InternalError("CreateRuns gave another number of results");
  for (int i = 0; i < created.results_size(); ++i) {
    Outcome& outcome = *planned_outcomes[i];
    const auto& result = created.results(i);
    if (result.error_code() != 0) {
      const absl::Status error(static_cast<absl::StatusCode>(result.error_code()),
                               result.error_message());
      if (IsPassing(error)) return error;
      outcome.match.set_reason("no run: " + result.error_message());
      outcome.decision.verdict = journal::Verdict::kFailed;
      outcome.decision.event = "match.run_refused";
      outcome.decision.message = outcome.match.reason();
      continue;
    }
    outcome.match.set_run(result.name());
    outcome.decision.related.push_back(result.name());
  }
  return absl::OkStatus();
}

absl::Status Processor::Process(store::DeliveryRow& delivery, std::vector<Outcome>& outcomes) {
  SLIPWAY_ASSIGN_OR_RETURN(const forge::Event event, EventOf(delivery));
  delivery.state = "PROCESSED";
  if (event.kind != forge::Event::Kind::kPush) {
    delivery.outcome =
        event.kind == forge::Event::Kind::kPing
            ? "the hook works: the forge's ping was received"
            : "accepted, nothing started: event \"" + delivery.event + "\" starts nothing";
    return absl::OkStatus();
  }
  // The signature proves which hook was used, not which repository it speaks of: that is bound by
  // the hook.
  SLIPWAY_ASSIGN_OR_RETURN(
      const auto hook, db::RunTx(parts_.pool, "processor.hook", kDbTimeout,
                                 [&](db::Tx& tx) { return store::FindHook(tx, delivery.hook); }));
  if (!hook) {
    delivery.outcome = "nothing started: hook \"" + delivery.hook + "\" was deleted";
    return absl::OkStatus();
  }
  for (const std::string& url : event.repository.Urls()) {
    const bool covered =
        std::any_of(hook->repositories.begin(), hook->repositories.end(),
                    [&](const std::string& entry) { return CoversRepository(entry, url); });
    // ssh and git spellings name the same host without its HTTP port, so only http URLs are held
    // against a prefix.
    const bool is_http = url.starts_with("http://") || url.starts_with("https://");
    if (covered || !is_http) continue;
    delivery.outcome =
        "refused: hook \"" + delivery.hook + "\" may not speak for " + Truncate(url, 200);
    Outcome refused;
    refused.decision = {.subject = "deliveries/" + delivery.id,
                        .kind = "delivery",
                        .event = "delivery.repository_refused",
                        .verdict = journal::Verdict::kRefused,
                        .rule = "spec.repositories of hooks/" + delivery.hook,
                        .message = delivery.outcome,
                        .values = {{"url", Truncate(url, 500)}}};
    outcomes.push_back(std::move(refused));
    return absl::OkStatus();
  }

  if (!event.repository.clone_url.empty())
    parts_.peers.NotePush(event.repository.clone_url, delivery.traceparent);
  SLIPWAY_ASSIGN_OR_RETURN(const std::vector<Workflow> workflows, WorkflowsOf(delivery, event));
  outcomes.resize(workflows.size());
  std::vector<const Workflow*> matched;
  std::vector<Outcome*> matched_outcomes;
  for (size_t i = 0; i < workflows.size(); ++i) {
    const std::string& name = workflows[i].workflow().name();
    SLIPWAY_ASSIGN_OR_RETURN(const MatchResult result, MatchOne(delivery, event, workflows[i]));
    const bool start = result.verdict == MatchResult::Verdict::kStart;
    const auto scope = rpc::ScopeOfName(name);
    outcomes[i].match.set_workflow(name);
    outcomes[i].match.set_reason(result.message);
    outcomes[i].decision = {
        .subject = "deliveries/" + delivery.id,
        .kind = "delivery",
        .event = start ? "match.started" : "match.skipped",
        .verdict = start ? journal::Verdict::kStarted : journal::Verdict::kNotStarted,
        .rule = result.rule,
        .message = result.message,
        .values = result.values,
        .related = {name},
        .project = scope.project,
        .app = scope.app};
    const std::string app = AppOf(name);
    if (std::find(delivery.apps.begin(), delivery.apps.end(), app) == delivery.apps.end())
      delivery.apps.push_back(app);
    if (!start) continue;
    matched.push_back(&workflows[i]);
    matched_outcomes.push_back(&outcomes[i]);
  }
  if (!matched.empty())
    SLIPWAY_RETURN_IF_ERROR(StartRuns(delivery, event, matched, matched_outcomes));
  const auto started = std::count_if(outcomes.begin(), outcomes.end(),
                                     [](const Outcome& o) { return !o.match.run().empty(); });
  delivery.outcome = Sentence(static_cast<int>(started), workflows.size());
  if (event.deleted && started == 0)
    delivery.outcome = "accepted, nothing started: the push deleted \"" + event.ShortRef() + "\"";
  return absl::OkStatus();
}

absl::Status Processor::Finish(const store::DeliveryRow& delivery,
                               const std::vector<Outcome>& outcomes) {
  store::DeliveryRow done = delivery;
  for (const Outcome& outcome : outcomes) {
    if (!outcome.match.workflow().empty()) done.matches.push_back(outcome.match);
  }
  return db::RunTx(parts_.pool, "processor.finish", kDbTimeout, [&](db::Tx& tx) -> absl::Status {
    SLIPWAY_ASSIGN_OR_RETURN(const bool mine, store::Finish(tx, done, parts_.clock.Now()));
    // Another holder has it: what it writes is the same, since the runs are the same.
    if (!mine) return absl::OkStatus();
    for (const Outcome& outcome : outcomes) {
      journal::Record record = outcome.decision;
      record.trace_id = delivery.trace_id;
      SLIPWAY_RETURN_IF_ERROR(journal::Append(tx, record));
    }
    journal::Record record{.subject = "deliveries/" + delivery.id,
                           .kind = "delivery",
                           .event = "delivery.processed",
                           .verdict = delivery.state == "QUARANTINED" ? journal::Verdict::kFailed
                                                                      : journal::Verdict::kDone,
                           .message = delivery.outcome,
                           .trace_id = delivery.trace_id};
    if (!delivery.apps.empty()) {
      const auto scope = rpc::ScopeOfName(delivery.apps.front());
      record.project = scope.project;
      record.app = delivery.apps.size() == 1 ? scope.app : "";
    }
    return journal::Append(tx, record);
  });
}

void Processor::Retry(store::DeliveryRow& delivery, const absl::Status& error) {
  const bool passing = IsPassing(error);
  if (!passing && delivery.tries >= kMaxTries) {
    log::Error("processor.quarantined", MessageOf(error), {{"delivery", delivery.id}});
    delivery.state = "QUARANTINED";
    delivery.outcome = "could not be processed in " + std::to_string(delivery.tries) +
                       " tries: " + MessageOf(error) + "; redeliver it when the cause is gone";
    if (const absl::Status finished = Finish(delivery, {}); finished.ok()) return;
  }
  const std::string why =
      passing ? "waits for a service that does not answer: " + MessageOf(error) : MessageOf(error);
  log::Warn("processor.retry", why, {{"delivery", delivery.id}, {"tries", delivery.tries}});
  const auto postponed = db::RunTx(parts_.pool, "processor.postpone", kDbTimeout, [&](db::Tx& tx) {
    return store::Postpone(tx, delivery, parts_.clock.Now() + BackOff(delivery.tries),
                           Truncate(ToValidUtf8(why), 500));
  });
  // Without the database the claim ends by itself.
  if (!postponed.ok()) log::Warn("processor.postpone_failed", MessageOf(postponed.status()));
}

}  // namespace slipway::trigger
