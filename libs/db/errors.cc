#include "libs/db/errors.h"

#include <exception>
#include <pqxx/except>
#include <string>

#include "absl/strings/cord.h"
#include "libs/base/strings.h"
#include "libs/db/tx.h"

namespace slipway::db {
namespace {

constexpr char kConstraintUrl[] = "slipway.dev/db-constraint";
constexpr char kLostUrl[] = "slipway.dev/db-connection-lost";

// 'ERROR:  duplicate key value violates unique constraint "users_name_key"\nDETAIL: ...' without
// the detail, which holds values.
std::string FirstLine(std::string_view text) {
  const size_t end = text.find('\n');
  return std::string(Trim(text.substr(0, end)));
}

std::string QuotedWordAfter(std::string_view text, std::string_view word) {
  const size_t at = text.find(word);
  if (at == std::string_view::npos) return "";
  const size_t open = text.find('"', at);
  if (open == std::string_view::npos) return "";
  const size_t close = text.find('"', open + 1);
  if (close == std::string_view::npos) return "";
  return std::string(text.substr(open + 1, close - open - 1));
}

absl::Status Make(absl::StatusCode code, std::string_view what, std::string_view text) {
  return absl::Status(code, std::string(what) + ": " + FirstLine(text));
}

absl::Status Lost(std::string_view what, std::string_view text) {
  absl::Status status = Make(absl::StatusCode::kUnavailable, what, text);
  status.SetPayload(kLostUrl, absl::Cord("1"));
  return status;
}

absl::Status Constraint(absl::StatusCode code, std::string_view what, std::string_view text) {
  absl::Status status = Make(code, what, text);
  std::string name = QuotedWordAfter(FirstLine(text), "constraint");
  if (name.empty()) name = QuotedWordAfter(FirstLine(text), "column");  // NOT NULL
  status.SetPayload(kConstraintUrl, absl::Cord(name));
  return status;
}

// Codes of https://www.postgresql.org/docs/15/errcodes-appendix.html
absl::Status FromSqlState(const std::string& state, std::string_view what, std::string_view text) {
  const std::string_view group = std::string_view(state).substr(0, 2);
  if (state == "23505" || state == "23P01") {
    return Constraint(absl::StatusCode::kAlreadyExists, what, text);
  }
  if (group == "23") return Constraint(absl::StatusCode::kFailedPrecondition, what, text);
  if (state == "40001" || state == "40P01") return Make(absl::StatusCode::kAborted, what, text);
  if (state == "57014") return Make(absl::StatusCode::kDeadlineExceeded, what, text);
  if (group == "08" || group == "57" || state == "25P03") return Lost(what, text);
  if (state == "53300" || state == "25006") return Make(absl::StatusCode::kUnavailable, what, text);
  if (group == "53") return Make(absl::StatusCode::kResourceExhausted, what, text);
  if (group == "22") return Make(absl::StatusCode::kInvalidArgument, what, text);
  return Make(absl::StatusCode::kInternal, what, text);
}

}  // namespace

absl::Status StatusOfCurrentException(std::string_view what) {
  // transaction_rollback is no sql_error in libpqxx 6, so the order matters.
  try {
    throw;
  } catch (const pqxx::broken_connection& e) {
    return Lost(what, e.what());
  } catch (const pqxx::statement_completion_unknown& e) {
    return Lost(what, e.what());
  } catch (const pqxx::transaction_rollback& e) {
    return Make(absl::StatusCode::kAborted, what, e.what());
  } catch (const pqxx::sql_error& e) {
    return FromSqlState(e.sqlstate(), what, e.what());
  } catch (const std::exception& e) {
    return Make(absl::StatusCode::kInternal, what, e.what());
  }
}

bool IsConnectionLost(const absl::Status& status) {
  return status.GetPayload(kLostUrl).has_value();
}

std::string ViolatedConstraint(const absl::Status& status) {
  const auto payload = status.GetPayload(kConstraintUrl);
  return payload ? std::string(*payload) : "";
}

}  // namespace slipway::db
