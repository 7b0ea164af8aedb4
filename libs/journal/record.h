#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace slipway::journal {

// What was decided; slipway.records.v1.Record.Verdict in the same order.
enum class Verdict {
  kNone,
  kAccepted,
  kRefused,
  kStarted,
  kNotStarted,
  kWaiting,
  kSkipped,
  kDone,
  kFailed
};

// "none", "accepted", "not_started"; as stored.
std::string_view VerdictName(Verdict verdict);
std::optional<Verdict> ParseVerdict(std::string_view name);

// One thing that did or did not happen, because of something. A value.
struct Record {
  std::string subject =
      {};  // resource name: "projects/demo/apps/hello/workflows/main/runs/7", "deliveries/01J..."
  std::string kind = {};   // of the subject: "delivery", "run", "job", "deployment", "image"
  std::string event = {};  // stable dotted word: "run.created", "match.skipped"
  Verdict verdict = Verdict::kNone;
  std::string rule =
      {};  // rule, filter or gate that decided, with its field path: "spec.source.branch"
  std::string message = {};  // one sentence for people
  std::map<std::string, std::string> values =
      {};                                 // what was compared: {"ref": "main", "pattern": "^rel"}
  std::vector<std::string> related = {};  // other resource names that it touches
  std::string trace_id = {};              // W3C; empty on Append: that of the thread's log context
  std::string project = {};               // who may see it is decided by these two
  std::string app = {};
  absl::Time time = absl::InfinitePast();  // InfinitePast on Append: now
  int64_t id = 0;                          // given by Append's table, ascending; read only
};

}  // namespace slipway::journal
