#include "services/gateway/backend/explain.h"

#include <catch2/catch.hpp>

namespace slipway::gateway {
namespace {

namespace records = slipway::records::v1;

records::Record At(int64_t seconds, const std::string& service, const std::string& event,
                   const std::string& trace = "", const std::string& subject = "deliveries/D") {
  records::Record record;
  record.mutable_time()->set_seconds(seconds);
  record.set_service(service);
  record.set_event(event);
  record.set_trace_id(trace);
  record.set_subject(subject);
  return record;
}

std::string Events(const Explain::Records& all) {
  std::string text;
  for (const auto& record : all) text += record.event() + " ";
  return text;
}

}  // namespace

TEST_CASE("records of several services are merged by time, each once") {
  const Explain::Records merged =
      MergeRecords({At(3, "build", "c"), At(1, "trigger", "a"), At(2, "build", "b"),
                    At(1, "trigger", "a"), At(1, "build", "a")});
  CHECK(Events(merged) == "a a b c ");
}

TEST_CASE("all traces of a run are followed, but only the newest of an app") {
  const Explain::Records all = {At(1, "build", "x", "t1"), At(3, "build", "y", "t2"),
                                At(2, "build", "z", "t1"), At(4, "build", "w")};
  using Traces = std::vector<std::string>;
  CHECK(TracesToFollow("projects/p/apps/a/workflows/w/runs/7", all) == Traces{"t2", "t1"});
  CHECK(TracesToFollow("deliveries/D", all) == Traces{"t2", "t1"});
  CHECK(TracesToFollow("projects/p/apps/a", all) == Traces{"t2"});
  CHECK(TracesToFollow("projects/p/apps/a/workflows/w", all) == Traces{"t2"});
  CHECK(TracesToFollow("x", {}).empty());
}

TEST_CASE("a record concerns a name by subject, by what lies below, and by relation") {
  records::Record record = At(1, "build", "x", "", "projects/p/apps/a/workflows/w/runs/7/jobs/j");
  record.add_related("deliveries/D");
  CHECK(Concerns(record, "projects/p/apps/a/workflows/w/runs/7"));
  CHECK(Concerns(record, "deliveries/D"));
  CHECK_FALSE(Concerns(record, "projects/p/apps/a/workflows/w/runs/70"));
  CHECK_FALSE(Concerns(record, "projects/p/apps/a/workflows/w/runs/"));
}

}  // namespace slipway::gateway
