#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "embed/trigger_migrations.h"
#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/file.h"
#include "libs/base/id.h"
#include "libs/db/run_tx.h"
#include "libs/db/testing/test_database.h"
#include "libs/journal/journal.h"
#include "libs/rpc/access.h"
#include "services/trigger/domain/hooks.h"
#include "services/trigger/domain/inbox.h"
#include "services/trigger/domain/processor.h"

namespace slipway::trigger {
namespace {

namespace pb = slipway::trigger::v1;
namespace authpb = slipway::auth::v1;
namespace buildpb = slipway::build::v1;
namespace pipelinepb = slipway::pipeline::v1;

constexpr char kRepository[] = "http://127.0.0.1:8481/demo/hello.git";
constexpr char kSecret[] = "a secret of the hook";

// Pipeline and build as far as trigger sees them, with real idempotency. Workflows are those that
// the test adds.
class FakePeers final : public Peers {
 public:
  absl::StatusOr<pipelinepb::FindWorkflowsResponse> FindWorkflows(
      const pipelinepb::FindWorkflowsRequest&, const std::string&) override {
    std::lock_guard lock(mu);
    if (!failure.ok()) return failure;
    pipelinepb::FindWorkflowsResponse response;
    for (const auto& workflow : workflows) *response.add_matches()->mutable_workflow() = workflow;
    return response;
  }
  absl::StatusOr<pipelinepb::ListChangedPathsResponse> ListChangedPaths(
      const pipelinepb::ListChangedPathsRequest&, const std::string&) override {
    std::lock_guard lock(mu);
    pipelinepb::ListChangedPathsResponse response;
    for (const std::string& path : changed_paths) response.add_paths(path);
    return response;
  }
  absl::StatusOr<pipelinepb::CreatePlansResponse> CreatePlans(
      const pipelinepb::CreatePlansRequest& request, const std::string&) override {
    std::lock_guard lock(mu);
    pipelinepb::CreatePlansResponse response;
    for (const auto& one : request.requests()) {
      auto* result = response.add_results();
      if (one.workflow() == broken_workflow) {
        result->set_error_code(9);
        result->set_error_message("registry \"none\" is not there");
        continue;
      }
      result->mutable_plan()->set_workflow(one.workflow());
      result->mutable_plan()->set_commit(one.commit());
      result->set_digest("d1");
    }
    return response;
  }
  void NotePush(const std::string& repository, const std::string&) override {
    std::lock_guard lock(mu);
    pushed.push_back(repository);
  }
  absl::StatusOr<buildpb::CreateRunsResponse> CreateRuns(const buildpb::CreateRunsRequest& request,
                                                         const std::string&) override {
    std::lock_guard lock(mu);
    if (!runs_failure.ok()) return std::exchange(runs_failure, absl::OkStatus());
    buildpb::CreateRunsResponse response;
    for (const auto& run : request.runs()) {
      const auto [found, fresh] =
          runs.emplace(run.idempotency_key(),
                       run.plan().workflow() + "/runs/" + std::to_string(runs.size() + 1));
      if (fresh) commits.push_back(run.plan().commit());
      auto* result = response.add_results();
      result->set_name(found->second);
      result->set_existed(!fresh);
    }
    return response;
  }

  std::mutex mu;
  absl::Status failure;
  absl::Status runs_failure;
  std::vector<pipelinepb::Workflow> workflows;
  std::vector<std::string> changed_paths;
  std::string broken_workflow;
  std::map<std::string, std::string> runs;
  std::vector<std::string> commits;  // in the order in which runs were made
  std::vector<std::string> pushed;   // repositories
};

std::string Sha(char digit) { return std::string(40, digit); }

std::string PushBody(const std::string& ref, const std::string& after,
                     const std::string& path = "src/a.c", const std::string& url = kRepository) {
  return boost::json::serialize(boost::json::object{
      {"ref", ref},
      {"before", Sha('1')},
      {"after", after},
      {"forced", false},
      {"commits",
       boost::json::array{boost::json::object{
           {"id", after},
           {"message", "change"},
           {"timestamp", "2026-03-01T12:00:00Z"},
           {"author", boost::json::object{{"name", "Ann"}, {"email", "ann@example.com"}}},
           {"added", boost::json::array{}},
           {"removed", boost::json::array{}},
           {"modified", boost::json::array{path}}}}},
      {"repository", boost::json::object{{"full_name", "demo/hello"}, {"clone_url", url}}},
      {"sender", boost::json::object{{"login", "ann"}}}});
}

struct Fixture {
  TempDir dir = TempDir::Create("slipway-trigger-").value();
  db::TestDatabase database{{{"trigger", migrations::kFiles},
                             journal::Migrations(),
                             {"audit", service::AuditOutbox::Migrations()}},
                            "trigger"};
  SystemClock clock;
  telemetry::Metrics metrics{"trigger"};
  std::unique_ptr<seal::KeyRing> keys;
  service::AuditOutbox audit{database.pool(), clock, "trigger",
                             [](const auto&) { return absl::UnavailableError("none"); }};
  FakePeers peers;
  Refusals refusals{database.pool(), clock, metrics};
  std::unique_ptr<Processor> processor;
  std::unique_ptr<Inbox> inbox;
  std::unique_ptr<Hooks> hooks;
  rpc::CallContext admin;

  explicit Fixture(bool start = true) {
    REQUIRE(seal::CreateKeyFile(dir.path() + "/kek").ok());
    keys = seal::KeyRing::Load({dir.path() + "/kek"}).value();
    processor = std::make_unique<Processor>(Processor::Parts{.pool = database.pool(),
                                                             .clock = clock,
                                                             .peers = peers,
                                                             .metrics = metrics,
                                                             .holder = "t"});
    const auto wake = [this] { processor->Wake(); };
    inbox = std::make_unique<Inbox>(Inbox::Parts{database.pool(), clock, *keys, refusals, wake});
    hooks = std::make_unique<Hooks>(
        Hooks::Parts{database.pool(), clock, *keys, audit, refusals, "http://gateway", wake});
    admin = Caller(authpb::SUPER_ADMIN, "");
    REQUIRE(AddHook("local", "http://127.0.0.1:8481/").ok());
    if (start) REQUIRE(processor->Start().ok());
  }

  static rpc::CallContext Caller(authpb::Role role, const std::string& project) {
    rpc::CallContext call;
    call.principal.set_kind(authpb::Principal::USER);
    call.principal.set_id("u");
    auto* grant = call.principal.add_grants();
    grant->set_role(role);
    grant->set_project(project);
    call.actor = rpc::ActorOf(call.principal);
    call.trace = telemetry::TraceContext::New();
    call.deadline = absl::Now() + absl::Seconds(20);
    return call;
  }
  absl::StatusOr<pb::Hook> AddHook(const std::string& id, const std::string& repository) {
    pb::CreateHookRequest request;
    request.set_hook_id(id);
    request.mutable_hook()->mutable_spec()->set_forge(pb::HookSpec::GITHUB);
    request.mutable_hook()->mutable_spec()->add_repositories(repository);
    request.mutable_hook()->mutable_spec()->mutable_secret()->set_value(kSecret);
    return hooks->Create(admin, request);
  }
  void AddWorkflow(const std::string& name, const std::string& branch) {
    std::lock_guard lock(peers.mu);
    auto& workflow = peers.workflows.emplace_back();
    workflow.set_name(name);
    workflow.mutable_spec()->mutable_source()->mutable_build()->mutable_from()->set_branch(branch);
  }
  static pb::DeliverBatchRequest::Incoming Incoming(const std::string& body,
                                                    const std::string& forge_id,
                                                    const std::string& secret = kSecret,
                                                    const std::string& hook = "local") {
    pb::DeliverBatchRequest::Incoming incoming;
    incoming.set_forge("github");
    incoming.set_hook(hook);
    incoming.set_body(body);
    auto& headers = *incoming.mutable_headers();
    headers["content-type"] = "application/json";
    headers["x-github-event"] = "push";
    headers["x-github-delivery"] = forge_id;
    headers["x-hub-signature-256"] = "sha256=" + HexEncode(HmacSha256(secret, body));
    return incoming;
  }
  pb::DeliverBatchResponse::Answer Deliver(const pb::DeliverBatchRequest::Incoming& incoming) {
    pb::DeliverBatchRequest request;
    *request.add_deliveries() = incoming;
    return inbox->Deliver(request, absl::Now() + absl::Seconds(10)).value().answers(0);
  }
  // The delivery when its outcome stands.
  pb::Delivery Outcome(const std::string& name) {
    const absl::Time end = absl::Now() + absl::Seconds(20);
    std::mutex mu;
    std::condition_variable poll;
    std::unique_lock lock(mu);
    while (true) {
      const auto delivery = hooks->GetDelivery(admin, name).value();
      if (delivery.state() != pb::Delivery::RECEIVED || absl::Now() > end) return delivery;
      poll.wait_for(lock, std::chrono::milliseconds(10));
    }
  }
  std::string Count(const std::string& what) {
    return database.Value("SELECT count(*)::text AS v FROM trigger." + what);
  }
};

}  // namespace

TEST_CASE("a signed push is stored, starts its run and says why for every workflow") {
  Fixture f;
  f.AddWorkflow("projects/demo/apps/hello/workflows/main", "main");
  f.AddWorkflow("projects/demo/apps/hello/workflows/release", "release");
  const auto answer = f.Deliver(Fixture::Incoming(PushBody("refs/heads/main", Sha('2')), "d1"));
  CHECK(answer.status() == 202);
  const auto delivery = f.Outcome(answer.delivery());
  CHECK(delivery.outcome() == "started 1 run");
  REQUIRE(delivery.matches_size() == 2);
  CHECK(delivery.matches(0).run() == "projects/demo/apps/hello/workflows/main/runs/1");
  CHECK(delivery.matches(1).reason() == "branch \"main\" is not branch \"release\"");
  CHECK(f.Count("journal WHERE event = 'match.skipped' AND message LIKE '%release%'") == "1");
  CHECK(f.Count("journal WHERE event = 'delivery.stored'") == "1");
  REQUIRE(f.peers.pushed.size() == 1);
  CHECK(f.peers.pushed[0].ends_with("/demo/hello.git"));
}

TEST_CASE("the same delivery again starts nothing and another body under its id is refused") {
  Fixture f;
  f.AddWorkflow("projects/demo/apps/hello/workflows/main", "main");
  const std::string body = PushBody("refs/heads/main", Sha('2'));
  const auto first = f.Deliver(Fixture::Incoming(body, "d1"));
  const auto again = f.Deliver(Fixture::Incoming(body, "d1"));
  CHECK(again.status() == 200);
  CHECK(again.delivery() == first.delivery());
  CHECK(f.Deliver(Fixture::Incoming(PushBody("refs/heads/main", Sha('3')), "d1")).status() == 409);
  f.Outcome(first.delivery());
  CHECK(f.peers.runs.size() == 1);
  CHECK(f.Count("deliveries") == "1");
}

TEST_CASE("strangers are turned away, counted, and write at most one record a second") {
  Fixture f;
  const std::string body = PushBody("refs/heads/main", Sha('2'));
  for (int i = 0; i < 50; ++i)
    CHECK(f.Deliver(Fixture::Incoming(body, "d" + std::to_string(i), "wrong secret")).status() ==
          401);
  CHECK(f.Deliver(Fixture::Incoming(body, "d1", kSecret, "none")).status() == 404);
  auto unsigned_one = Fixture::Incoming(body, "d1");
  unsigned_one.mutable_headers()->erase("x-hub-signature-256");
  CHECK(f.Deliver(unsigned_one).status() == 401);
  CHECK(f.Deliver(Fixture::Incoming("not json", "d1")).status() == 400);
  CHECK(f.Count("deliveries") == "0");
  CHECK(std::stoi(f.Count("journal WHERE event = 'delivery.refused'")) <= 3);
  const auto hook = f.hooks->Get(f.admin, "hooks/local").value();
  CHECK(hook.status().refused().at("SIGNATURE_WRONG") == 50);
}

TEST_CASE("a hook speaks for its own repositories only") {
  Fixture f;
  f.AddWorkflow("projects/demo/apps/hello/workflows/main", "main");
  const auto answer = f.Deliver(Fixture::Incoming(
      PushBody("refs/heads/main", Sha('2'), "src/a.c", "http://other.example.com/demo/hello.git"),
      "d1"));
  CHECK(answer.status() == 202);
  const auto delivery = f.Outcome(answer.delivery());
  CHECK(delivery.outcome().starts_with(
      "refused: hook \"local\" may not speak for http://other.example.com"));
  CHECK(f.peers.runs.empty());
  CHECK(f.peers.pushed.empty());
  CHECK(f.Count("journal WHERE event = 'delivery.repository_refused'") == "1");
}

TEST_CASE("a delivery waits for a service that is away and then starts its run once") {
  Fixture f;
  f.AddWorkflow("projects/demo/apps/hello/workflows/main", "main");
  {
    std::lock_guard lock(f.peers.mu);
    f.peers.runs_failure = absl::UnavailableError("build is away");
  }
  const auto answer = f.Deliver(Fixture::Incoming(PushBody("refs/heads/main", Sha('2')), "d1"));
  CHECK(f.Outcome(answer.delivery()).outcome() == "started 1 run");
  CHECK(f.peers.runs.size() == 1);
}

TEST_CASE("what an earlier process held is processed by the next one") {
  Fixture f(false);
  f.AddWorkflow("projects/demo/apps/hello/workflows/main", "main");
  const auto answer = f.Deliver(Fixture::Incoming(PushBody("refs/heads/main", Sha('2')), "d1"));
  // The earlier process died with the claim.
  REQUIRE(db::RunTx(f.database.pool(), "test.claim", absl::Seconds(5), [&](db::Tx& tx) {
            return store::Claim(tx, "t", f.clock.Now(), absl::Hours(1), 10);
          })->size() == 1);
  REQUIRE(f.processor->Start().ok());
  CHECK(f.Outcome(answer.delivery()).outcome() == "started 1 run");
}

TEST_CASE("pushes of one branch become runs in their order") {
  Fixture f(false);
  f.AddWorkflow("projects/demo/apps/hello/workflows/main", "main");
  std::vector<std::string> expected;
  std::string last;
  for (char digit : std::string("23456789ab")) {
    expected.push_back(Sha(digit));
    last = f.Deliver(Fixture::Incoming(PushBody("refs/heads/main", Sha(digit)),
                                       std::string("d") + digit))
               .delivery();
  }
  REQUIRE(f.processor->Start().ok());
  f.Outcome(last);
  CHECK(f.peers.commits == expected);
}

TEST_CASE("one workflow that has no plan does not keep the others back") {
  Fixture f;
  f.AddWorkflow("projects/demo/apps/hello/workflows/broken", "main");
  f.AddWorkflow("projects/demo/apps/hello/workflows/main", "main");
  f.peers.broken_workflow = "projects/demo/apps/hello/workflows/broken";
  const auto delivery = f.Outcome(
      f.Deliver(Fixture::Incoming(PushBody("refs/heads/main", Sha('2')), "d1")).delivery());
  CHECK(delivery.outcome() == "started 1 run");
  CHECK(delivery.matches(0).reason() == "no plan: registry \"none\" is not there");
}

TEST_CASE("a delivery that can never be processed is set aside and the rest flow on") {
  Fixture f;
  f.AddWorkflow("projects/demo/apps/hello/workflows/main", "main");
  const auto poison = f.Deliver(Fixture::Incoming(PushBody("refs/heads/poison", Sha('2')), "d1"));
  f.Outcome(poison.delivery());
  f.database.Exec(
      "UPDATE trigger.deliveries SET state = 'RECEIVED', headers = '[]'::jsonb, tries = 7, "
      "next_try_at = now()");
  f.processor->Wake();
  const auto other = f.Deliver(Fixture::Incoming(PushBody("refs/heads/main", Sha('3')), "d2"));
  CHECK(f.Outcome(other.delivery()).outcome() == "started 1 run");
  CHECK(f.Outcome(poison.delivery()).state() == pb::Delivery::QUARANTINED);
}

TEST_CASE(
    "a redelivery is a delivery of its own, once for its request, by somebody who may trigger") {
  Fixture f;
  f.AddWorkflow("projects/demo/apps/hello/workflows/main", "main");
  const auto first = f.Outcome(
      f.Deliver(Fixture::Incoming(PushBody("refs/heads/main", Sha('2')), "d1")).delivery());
  pb::RedeliverRequest request;
  request.set_name(first.name());
  request.set_request_id("r1");
  auto viewer = Fixture::Caller(authpb::VIEW, "demo");
  CHECK(f.hooks->Redeliver(viewer, request).status().code() == absl::StatusCode::kPermissionDenied);
  auto stranger = Fixture::Caller(authpb::ADMIN, "other");
  CHECK(f.hooks->Redeliver(stranger, request).status().code() == absl::StatusCode::kNotFound);
  auto developer = Fixture::Caller(authpb::BUILD_AND_DEPLOY, "demo");
  const auto second = f.hooks->Redeliver(developer, request).value();
  CHECK(f.hooks->Redeliver(developer, request).value().name() == second.name());
  CHECK(f.Outcome(second.name()).outcome() == "started 1 run");
  CHECK(f.peers.runs.size() == 2);
}

TEST_CASE("a hook gives its secret once or never and keeps it sealed") {
  Fixture f;
  pb::CreateHookRequest request;
  request.set_hook_id("made");
  request.mutable_hook()->mutable_spec()->set_forge(pb::HookSpec::GITHUB);
  request.mutable_hook()->mutable_spec()->add_repositories("https://github.com/acme/");
  const auto hook = f.hooks->Create(f.admin, request).value();
  CHECK(hook.status().secret().size() == 64);
  CHECK(hook.status().url() == "http://gateway/webhooks/github/made");
  CHECK(hook.status().content_type() == "application/json");
  CHECK(f.hooks->Get(f.admin, "hooks/made")->status().secret().empty());
  CHECK(f.Count("hooks WHERE secret LIKE '%" + hook.status().secret() + "%'") == "0");
  CHECK(f.hooks->Create(f.admin, request).status().code() == absl::StatusCode::kAlreadyExists);
  request.mutable_hook()->mutable_spec()->set_repositories(0, "file:///etc/");
  CHECK(DetailsOf(f.hooks->Create(f.admin, request).status()).field_violations[0].field ==
        "spec.repositories[0]");
}

}  // namespace slipway::trigger
