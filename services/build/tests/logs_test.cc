#include "services/build/engine/log_follower.h"
#include "services/build/logs/log_reader.h"
#include "services/build/tests/build_fixture.h"

namespace slipway::build {
namespace {

// The service with ended jobs whose logs are in the archive.
struct Archive {
  BuildFixture f;
  FakeRunner runner{f, "local"};

  Archive() {
    f.service->janitor().Stop();
    f.service->work().Stop();
  }

  // A job that has written `text` and ended; its name.
  std::string Add(const std::string& key, const std::string& text) {
    f.CreateRun(TestPlan(), key);
    const v1::Lease lease = runner.NextLease();
    REQUIRE(runner.Append(lease.key(), 0, text).ok());
    const auto size = static_cast<int64_t>(text.size());
    REQUIRE(runner.Complete(lease.key(), v1::SUCCEEDED, "", false, size).ok());
    Work();
    return lease.key().job();
  }
  void Age(const std::string& key, const std::string& interval) {
    f.database.Exec("UPDATE archived_logs SET created_at = now() - interval '" + interval +
                    "' WHERE job_id = (SELECT j.id FROM jobs j JOIN runs r ON r.id = j.run_id "
                    "WHERE r.idempotency_key = '" +
                    key + "')");
  }
  void Work() {
    while (f.service->work().RunOnce() > 0) {
    }
  }
  void Prune() {
    f.service->janitor().Pass();
    Work();
  }

  // The log as a reader gets it: its text, or the error.
  std::string Read(const std::string& job) {
    v1::TailLogRequest request;
    request.set_name(job);
    const auto context = f.As(Admin());
    const auto reader = f.build->TailLog(context.get(), request);
    std::string text;
    v1::LogChunk chunk;
    while (reader->Read(&chunk)) text += chunk.text();
    const auto status = reader->Finish();
    if (status.ok()) return text;
    CHECK(status.error_code() == grpc::StatusCode::NOT_FOUND);
    return "error: " + status.error_message();
  }
  std::string Blobs() {
    int count = 0;
    for (const char* id : {"1", "2", "3"}) {
      count += PathExists(f.data.path() + "/archive/logs/0/" + id + "-1") ? 1 : 0;
    }
    return std::to_string(count);
  }
};

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a log that is too old is pruned, and its reader is told when") {
  Archive archive;
  const std::string old = archive.Add("old", "long ago\n");
  const std::string young = archive.Add("young", "yesterday\n");
  archive.Age("old", "91 days");
  archive.Age("young", "89 days");
  CHECK(archive.Blobs() == "2");
  archive.Prune();
  const std::string today = absl::FormatTime("%Y-%m-%dT", absl::Now(), absl::UTCTimeZone());
  CHECK(Has(archive.Read(old), "\"" + old + "\", attempt 1, was pruned on " + today));
  CHECK(archive.Read(young) == "yesterday\n");
  CHECK(archive.Blobs() == "1");
  CHECK(archive.f.Value("SELECT count(*)::text AS v FROM work") == "0");
  const std::string metrics = archive.f.metrics.Serialize();
  CHECK(Has(metrics, "slipway_build_logs_pruned_total{service=\"build\"} 1"));
  CHECK(Has(metrics, "slipway_build_log_archive_bytes{service=\"build\"} 10"));
  // The run and its job are still there.
  v1::GetJobRequest request;
  request.set_name(old);
  v1::Job job;
  CHECK(archive.f.build->GetJob(archive.f.As(Admin()).get(), request, &job).ok());
  CHECK(job.state() == v1::SUCCEEDED);
}

TEST_CASE("the oldest logs are pruned when all together are too large") {
  Archive archive;
  const std::string first = archive.Add("first", std::string(400, 'a'));
  const std::string second = archive.Add("second", std::string(400, 'b'));
  const std::string third = archive.Add("third", std::string(400, 'c'));
  archive.f.service->core().limits.log_archive_limit = 800;
  archive.Prune();
  CHECK(Has(archive.Read(first), "was pruned on"));
  CHECK(archive.Read(second) == std::string(400, 'b'));
  CHECK(archive.Read(third) == std::string(400, 'c'));
}

TEST_CASE("without limits logs are kept for ever") {
  Archive archive;
  const std::string job = archive.Add("old", "from the beginning\n");
  archive.Age("old", "20 years");
  archive.f.service->core().limits.log_keep = absl::ZeroDuration();
  archive.f.service->core().limits.log_archive_limit = 0;
  archive.Prune();
  CHECK(archive.Read(job) == "from the beginning\n");
}

TEST_CASE("a pruned log goes even if the service was killed before it deleted the file") {
  Archive archive;
  archive.Add("old", "long ago\n");
  archive.Age("old", "91 days");
  archive.f.service->janitor().Pass();
  CHECK(archive.Blobs() == "1");
  archive.f.Restart();
  archive.f.service->work().Stop();
  archive.Work();
  CHECK(archive.Blobs() == "0");
}

TEST_CASE("a reader whose log is pruned meanwhile is told so, instead of being shown an end") {
  Archive archive;
  const std::string job = archive.Add("old", std::string(100'000, 'x'));
  LogStore files(archive.f.data.path() + "/logs", 1 << 20);
  LogReader reader(files, *archive.f.blobs);
  v1::TailLogRequest request;
  request.set_name(job);
  auto follower = LogFollower::Open(archive.f.service->core(), reader, request);
  REQUIRE(follower.ok());
  REQUIRE((*follower)->Next()->chunk->text().size() == 64 << 10);
  archive.Age("old", "91 days");
  archive.Prune();
  const auto next = (*follower)->Next();
  CHECK(next.status().code() == absl::StatusCode::kNotFound);
  CHECK(Has(std::string(next.status().message()), "was pruned on"));
}

}  // namespace slipway::build
