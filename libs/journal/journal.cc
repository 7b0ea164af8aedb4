#include "libs/journal/journal.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "absl/time/clock.h"
#include "embed/journal_sql.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/log/log.h"

namespace slipway::journal {
namespace {

constexpr std::array<std::string_view, 9> kVerdicts = {"none",    "accepted",    "refused",
                                                       "started", "not_started", "waiting",
                                                       "skipped", "done",        "failed"};

constexpr db::Sql kAppend{
    "journal.append",
    "INSERT INTO journal (created_at, subject, kind, event, verdict, rule, message, compared, "
    "related,"
    " trace_id, project, app)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9::text[], $10, $11, $12)"};

// "Below" a name is the range from 'name/' to 'name0', the next character after '/'.
constexpr db::Sql kListBySubject{"journal.list_by_subject",
                                 "SELECT * FROM journal"
                                 " WHERE (subject = $1 OR (subject ~>=~ ($1 || '/') AND subject "
                                 "~<~ ($1 || '0')) OR related @> ARRAY[$1])"
                                 "   AND id < $2"
                                 " ORDER BY id DESC LIMIT $3"};

constexpr db::Sql kListByTrace{"journal.list_by_trace",
                               "SELECT * FROM journal"
                               " WHERE trace_id = ANY ($1::text[]) AND trace_id <> '' AND id < $2"
                               " ORDER BY id DESC LIMIT $3"};

constexpr db::Sql kPrune{"journal.prune",
                         "DELETE FROM journal WHERE id IN"
                         " (SELECT id FROM journal WHERE created_at < $1 ORDER BY id LIMIT $2)"};

// PostgreSQL's text takes no NUL.
std::string Clean(std::string_view text, size_t max_bytes) {
  std::string clean = ToValidUtf8(Truncate(text, max_bytes));
  std::replace(clean.begin(), clean.end(), '\0', ' ');
  return clean;
}

std::string ValuesJson(const std::map<std::string, std::string>& values) {
  boost::json::object object;
  for (const auto& [key, value] : values) object[Clean(key, 100)] = Clean(value, 1000);
  return boost::json::serialize(object);
}

std::map<std::string, std::string> ParseValues(const std::string& json) {
  std::map<std::string, std::string> values;
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse(json, error);
  if (error || !parsed.is_object()) return values;
  for (const auto& entry : parsed.get_object()) {
    if (entry.value().is_string()) {
      values[std::string(entry.key())] = std::string(entry.value().get_string());
    }
  }
  return values;
}

Record RecordFromRow(const db::Row& row) {
  Record r;
  r.id = row.GetInt64("id");
  r.time = row.GetTime("created_at");
  r.subject = row.GetString("subject");
  r.kind = row.GetString("kind");
  r.event = row.GetString("event");
  r.verdict = ParseVerdict(row.GetString("verdict")).value_or(Verdict::kNone);
  r.rule = row.GetString("rule");
  r.message = row.GetString("message");
  r.values = ParseValues(row.GetString("compared"));
  r.related = row.GetTextArray("related");
  r.trace_id = row.GetString("trace_id");
  r.project = row.GetString("project");
  r.app = row.GetString("app");
  return r;
}

}  // namespace

std::string_view VerdictName(Verdict verdict) { return kVerdicts[static_cast<size_t>(verdict)]; }

std::optional<Verdict> ParseVerdict(std::string_view name) {
  for (size_t i = 0; i < kVerdicts.size(); ++i) {
    if (kVerdicts[i] == name) return static_cast<Verdict>(i);
  }
  return std::nullopt;
}

db::MigrationSet Migrations() { return {"journal", sql::kFiles}; }

absl::Status Append(db::Tx& tx, const Record& r) {
  std::vector<std::string> related;
  for (const std::string& name : r.related) related.push_back(Clean(name, 1000));
  const absl::Time time = r.time == absl::InfinitePast() ? absl::Now() : r.time;
  const std::string& trace = r.trace_id.empty() ? log::CurrentContext().trace_id : r.trace_id;
  return tx
      .Exec(kAppend, time, Clean(r.subject, 1000), Clean(r.kind, 100), Clean(r.event, 100),
            VerdictName(r.verdict), Clean(r.rule, 500), Clean(r.message, 2000),
            ValuesJson(r.values), related, Clean(trace, 100), Clean(r.project, 100),
            Clean(r.app, 100))
      .status();
}

absl::StatusOr<std::vector<Record>> List(db::Tx& tx, const Query& query) {
  const int limit = std::clamp(query.limit, 1, 1000);
  const int64_t before = query.before_id > 0 ? query.before_id : INT64_MAX;
  auto rows = query.subject.empty() ? tx.Exec(kListByTrace, query.trace_ids, before, limit)
                                    : tx.Exec(kListBySubject, query.subject, before, limit);
  if (!rows.ok()) return rows.status();
  std::vector<Record> records;
  for (const db::Row row : *rows) records.push_back(RecordFromRow(row));
  return records;
}

absl::StatusOr<int64_t> Prune(db::Tx& tx, absl::Time before, int limit) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result done, tx.Exec(kPrune, before, limit));
  return done.affected_rows();
}

}  // namespace slipway::journal
