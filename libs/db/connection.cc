#include "libs/db/connection.h"

#include <poll.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <pqxx/connection>
#include <pqxx/errorhandler>
#include <pqxx/nontransaction>
#include <pqxx/notification>
#include <pqxx/prepared_statement>
#include <unordered_map>
#include <utility>

#include "absl/time/clock.h"
#include "libs/base/check.h"
#include "libs/base/status.h"
#include "libs/db/errors.h"
#include "libs/db/result_data.h"
#include "libs/telemetry/metrics.h"

namespace slipway::db {
namespace {

// A peer that is gone without a word is noticed, and a connect does not hang.
std::string WithConnectTimeout(const std::string& dsn) {
  if (dsn.find("connect_timeout") != std::string::npos) return dsn;
  if (dsn.find("://") != std::string::npos) {
    return dsn + (dsn.find('?') == std::string::npos ? "?" : "&") + "connect_timeout=5";
  }
  return dsn + " connect_timeout=5 keepalives_idle=20 keepalives_interval=5 keepalives_count=3";
}

// Keeps what is sent to a channel.
class Receiver final : public pqxx::notification_receiver {
 public:
  using notification_receiver::notification_receiver;
  void operator()(const std::string& payload, int) override { received.push_back(payload); }

  std::vector<std::string> received;
};

}  // namespace

struct Connection::Impl {
  Impl(const std::string& dsn, telemetry::Metrics* m)
      : connection(dsn), quiet(connection), work(std::in_place, connection), metrics(m) {}

  pqxx::connection connection;
  pqxx::quiet_errorhandler quiet;
  // BEGIN and COMMIT are sent as statements: BEGIN and the time-out share one round trip.
  // Empty only while notices are waited for, which libpqxx keeps back as long as there is one.
  std::optional<pqxx::nontransaction> work;
  telemetry::Metrics* const metrics;
  std::unordered_map<std::string, const char*> prepared;  // name -> text
  std::unique_ptr<Receiver> receiver;                     // before the connection goes
};

Connection::Connection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Connection::~Connection() = default;

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const PoolOptions& options) {
  try {
    auto impl = std::make_unique<Impl>(WithConnectTimeout(options.dsn), options.metrics);
    std::string session =
        "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET bytea_output = 'hex';"
        "SET client_min_messages = warning; SET idle_in_transaction_session_timeout = '60s';"
        "SET statement_timeout = '30s';";
    if (!options.schema.empty()) {
      session += "SET search_path = " + impl->work->quote_name(options.schema) + ";";
    }
    if (!options.application_name.empty()) {
      session += "SET application_name = " + impl->work->quote(options.application_name) + ";";
    }
    impl->work->exec(session);
    return std::unique_ptr<Connection>(new Connection(std::move(impl)));
  } catch (...) {
    const absl::Status status = StatusOfCurrentException("connect to the database");
    if (status.code() != absl::StatusCode::kInternal) return status;
    return absl::UnavailableError(status.message());
  }
}

absl::Status Connection::Caught(std::string_view what) {
  absl::Status status = StatusOfCurrentException(what);
  if (IsConnectionLost(status)) broken_ = true;
  return status;
}

absl::Status Connection::Begin(absl::Duration statement_timeout) {
  // 0 means none to PostgreSQL; the upper bound is its int.
  const int64_t ms =
      statement_timeout == absl::InfiniteDuration()
          ? 0
          : std::clamp<int64_t>(absl::ToInt64Milliseconds(statement_timeout), 1, 2'000'000'000);
  return ExecScript("BEGIN; SET LOCAL statement_timeout = " + std::to_string(ms));
}

absl::Status Connection::Commit() {
  const absl::Status status = ExecScript("COMMIT");
  if (!broken_) return status;
  return absl::UnknownError("the connection broke during the commit: " +
                            std::string(status.message()));
}

void Connection::Rollback() {
  if (!broken_ && !ExecScript("ROLLBACK").ok()) broken_ = true;
}

absl::StatusOr<Result> Connection::Exec(const Sql& sql, const std::vector<Param>& params) {
  std::vector<std::optional<std::string>> texts;
  texts.reserve(params.size());
  for (const Param& p : params) {
    if (p.text() && p.text()->find('\0') != std::string::npos) {
      return absl::InvalidArgumentError(std::string(sql.name) +
                                        ": a text must not hold a NUL byte");
    }
    texts.push_back(p.text());
  }
  const absl::Time start = absl::Now();
  absl::Status status;
  std::shared_ptr<internal::ResultData> data;
  try {
    const auto [known, is_new] = impl_->prepared.try_emplace(sql.name, sql.text);
    if (is_new) {
      impl_->connection.prepare(sql.name, sql.text);
    } else {
      // Two statements under one name is a mistake in the program.
      SLIPWAY_CHECK(known->second == sql.text || std::strcmp(known->second, sql.text) == 0);
    }
    data = std::make_shared<internal::ResultData>();
    data->rows = impl_->work->exec_prepared(sql.name, pqxx::prepare::make_dynamic_params(texts));
  } catch (...) {
    status = Caught(sql.name);
  }
  if (impl_->metrics != nullptr) {
    impl_->metrics->QueryDone(sql.name, absl::StatusCodeToString(status.code()),
                              absl::Now() - start);
  }
  if (!status.ok()) return status;
  return Result(std::move(data));
}

absl::Status Connection::ExecScript(std::string_view text) {
  try {
    impl_->work->exec(std::string(text));
    return absl::OkStatus();
  } catch (...) {
    return Caught(text.substr(0, text.find_first_of(" ;\n")));
  }
}

absl::Status Connection::Listen(const std::string& channel) {
  try {
    impl_->work.reset();
    impl_->receiver = std::make_unique<Receiver>(impl_->connection, channel);
    impl_->work.emplace(impl_->connection);
    return absl::OkStatus();
  } catch (...) {
    broken_ = true;
    return Caught("LISTEN");
  }
}

absl::StatusOr<std::vector<std::string>> Connection::AwaitNotices(absl::Duration timeout,
                                                                  int wake) {
  std::vector<std::string>& received = impl_->receiver->received;
  try {
    impl_->work.reset();
    // Some may have come along with the answer of a statement.
    if (impl_->connection.get_notifs() == 0) {
      pollfd fds[] = {{.fd = impl_->connection.sock(), .events = POLLIN, .revents = 0},
                      {.fd = wake, .events = POLLIN, .revents = 0}};
      const int64_t ms = absl::ToInt64Milliseconds(timeout + absl::Microseconds(999));
      ::poll(fds, 2, static_cast<int>(std::clamp<int64_t>(ms, 0, 60'000)));
      if (fds[0].revents != 0) impl_->connection.get_notifs();
    }
    impl_->work.emplace(impl_->connection);
    return std::exchange(received, {});
  } catch (...) {
    broken_ = true;
    return Caught("wait for notices");
  }
}

}  // namespace slipway::db
