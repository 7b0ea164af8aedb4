#include "services/gateway/backend/explain.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/rpc/timestamp.h"

namespace slipway::gateway {
namespace {

namespace records = slipway::records::v1;

constexpr absl::Duration kTimeout = absl::Seconds(5);
constexpr int kPageSize = 1000;
constexpr size_t kMaxTraces = 20;
constexpr char kListRecords[] = "/slipway.records.v1.RecordsService/ListRecords";

int64_t MicrosOf(const records::Record& record) {
  return absl::ToUnixMicros(rpc::FromTimestamp(record.time()));
}

// Says that the picture is incomplete, at its end.
records::Record MissingService(const std::string& service, const absl::Status& status) {
  records::Record record;
  record.set_kind("service");
  record.set_event("records.unavailable");
  record.set_verdict(records::Record::FAILED);
  record.set_message(service + " did not answer, its records are missing: " + MessageOf(status));
  record.set_service(service);
  *record.mutable_time() = rpc::ToTimestamp(absl::Now());
  return record;
}

// The caller's own fault is the same at every service and no gap in the picture.
bool IsCallersFault(const absl::Status& status) {
  return status.code() == absl::StatusCode::kUnauthenticated ||
         status.code() == absl::StatusCode::kInvalidArgument ||
         status.code() == absl::StatusCode::kPermissionDenied;
}

// Answers of all services to one question.
struct Round {
  Mutex mu;
  size_t open = 0;
  absl::Status refused = absl::OkStatus();
  Explain::Records records = {};
  Explain::Done done = {};
};

void Collect(Round& round, const std::string& service, const absl::Status& status,
             records::ListRecordsResponse& response) {
  {
    const MutexLock lock(round.mu);
    if (status.ok()) {
      for (records::Record& record : *response.mutable_records()) {
        if (record.service().empty()) record.set_service(service);
        round.records.push_back(std::move(record));
      }
    } else if (IsCallersFault(status)) {
      round.refused = status;
    } else if (status.code() != absl::StatusCode::kNotFound) {
      round.records.push_back(MissingService(service, status));
    }
    if (--round.open > 0) return;
  }
  if (!round.refused.ok()) return round.done(round.refused);
  round.done(std::move(round.records));
}

}  // namespace

Explain::Records MergeRecords(Explain::Records all) {
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return MicrosOf(a) < MicrosOf(b); });
  std::set<std::tuple<std::string, int64_t, std::string, std::string, std::string>> seen;
  Explain::Records merged;
  for (records::Record& record : all) {
    const bool gap = record.event() == "records.unavailable";
    if (seen.emplace(record.service(), gap ? 0 : MicrosOf(record), record.subject(), record.event(),
                     gap ? "" : record.message())
            .second) {
      merged.push_back(std::move(record));
    }
  }
  return merged;
}

std::vector<std::string> TracesToFollow(const std::string& name, const Explain::Records& found) {
  std::vector<std::string> newest_first;
  Explain::Records sorted = found;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return MicrosOf(a) > MicrosOf(b); });
  for (const records::Record& record : sorted) {
    const std::string& trace = record.trace_id();
    if (!trace.empty() &&
        std::find(newest_first.begin(), newest_first.end(), trace) == newest_first.end()) {
      newest_first.push_back(trace);
    }
  }
  const std::vector<std::string> parts = Split(name, '/');
  const std::string kind = parts.size() < 2 ? "" : parts[parts.size() - 2];
  const bool many_pushes = kind == "projects" || kind == "apps" || kind == "workflows";
  newest_first.resize(std::min(newest_first.size(), many_pushes ? 1 : kMaxTraces));
  return newest_first;
}

bool Concerns(const records::Record& record, const std::string& name) {
  const auto within = [&name](const std::string& other) {
    return other == name || other.rfind(name + "/", 0) == 0;
  };
  return within(record.subject()) ||
         std::any_of(record.related().begin(), record.related().end(), within);
}

void Explain::Ask(const records::ListRecordsRequest& request, const CallHeaders& headers,
                  Done done) {
  const auto round = std::make_shared<Round>();
  round->done = std::move(done);
  // Auth keeps an audit trail instead of records.
  std::vector<std::string> services;
  for (const auto& [name, channel] : backends_.channels()) {
    if (name != "auth") services.push_back(name);
  }
  if (services.empty()) return round->done(Records{});
  round->open = services.size();
  for (const std::string& service : services) {
    backends_.Unary("slipway." + service + ".v1", kListRecords, headers, kTimeout,
                    std::make_unique<records::ListRecordsRequest>(request),
                    std::make_unique<records::ListRecordsResponse>(),
                    [round, service](Backends::UnaryResult result) {
                      Collect(*round, service, result.status,
                              static_cast<records::ListRecordsResponse&>(*result.response));
                    });
  }
}

void Explain::BothRounds(const std::string& name, const CallHeaders& headers, Done done) {
  if (name.empty()) {
    return done(InvalidField("name", "is needed: a run, job, deployment, image or delivery"));
  }
  records::ListRecordsRequest by_subject;
  by_subject.set_subject(name);
  by_subject.set_page_size(kPageSize);
  Ask(by_subject, headers,
      [this, name, headers, held = std::move(done)](absl::StatusOr<Records> found) {
        if (!found.ok()) return held(found.status());
        const std::vector<std::string> traces = TracesToFollow(name, *found);
        if (traces.empty()) return held(MergeRecords(*std::move(found)));
        records::ListRecordsRequest by_trace;
        for (const std::string& trace : traces) by_trace.add_trace_ids(trace);
        by_trace.set_page_size(kPageSize);
        // Of a thing that many pushes touched only the followed one is told.
        std::erase_if(*found, [&traces](const records::Record& record) {
          return !record.trace_id().empty() &&
                 std::find(traces.begin(), traces.end(), record.trace_id()) == traces.end();
        });
        Ask(by_trace, headers,
            [first = *std::move(found), held](absl::StatusOr<Records> more) mutable {
              if (!more.ok()) return held(more.status());
              first.insert(first.end(), more->begin(), more->end());
              held(MergeRecords(std::move(first)));
            });
      });
}

void Explain::Timeline(const std::string& name, const CallHeaders& headers, Done done) {
  BothRounds(name, headers, std::move(done));
}

void Explain::Decisions(const std::string& name, const CallHeaders& headers, Done done) {
  BothRounds(name, headers, [name, held = std::move(done)](absl::StatusOr<Records> found) {
    if (!found.ok()) return held(found.status());
    std::erase_if(*found, [&name](const records::Record& record) {
      const bool gap = record.event() == "records.unavailable";
      return !gap &&
             (record.verdict() == records::Record::VERDICT_UNSPECIFIED || !Concerns(record, name));
    });
    held(std::move(found));
  });
}

}  // namespace slipway::gateway
