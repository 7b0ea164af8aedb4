#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "libs/db/pool.h"
#include "libs/db/tx.h"

namespace slipway::db {

// The non-template core of RunTx and RunRead.
enum class TxKind { kWhole, kOneRead };
absl::Status RunTxBody(Pool& pool, std::string_view name, absl::Time deadline, TxKind kind,
                       const std::function<absl::Status(Tx&)>& body);

// Calls `body` with the kind of transaction.
template <typename Body>
auto RunTxOf(TxKind kind, Pool& pool, std::string_view name, absl::Time deadline, Body&& body)
    -> std::invoke_result_t<Body&, Tx&> {
  using Return = std::invoke_result_t<Body&, Tx&>;
  if constexpr (std::is_same_v<Return, absl::Status>) {
    return RunTxBody(pool, name, deadline, kind, [&](Tx& tx) { return body(tx); });
  } else {
    std::optional<Return> value;
    const absl::Status status = RunTxBody(pool, name, deadline, kind, [&](Tx& tx) -> absl::Status {
      value.emplace(body(tx));
      return value->status();
    });
    if (!status.ok()) return status;
    return *std::move(value);
  }
}

// Runs `body(Tx&)`, which returns absl::Status or absl::StatusOr<T>, in one transaction: committed
// when it returns OK, rolled back otherwise. Statements get the time that is left until `deadline`.
// Serialization failures and deadlocks run `body` again, at most 3 times more, so its only lasting
// effects must be those in the database and Tx::OnCommit. Not nested: a body that starts another
// transaction takes a second connection from a small pool. `name` labels the metric.
//
// Returns the body's status or one of Tx's errors, and also: RESOURCE_EXHAUSTED when no connection
// got free in time, UNAVAILABLE when the database can't be reached, UNKNOWN when the connection
// broke during the commit, so that nobody knows whether it happened.
template <typename Body>
auto RunTx(Pool& pool, std::string_view name, absl::Time deadline, Body&& body)
    -> std::invoke_result_t<Body&, Tx&> {
  return RunTxOf(TxKind::kWhole, pool, name, deadline, std::forward<Body>(body));
}

// The same with a time from now.
template <typename Body>
auto RunTx(Pool& pool, std::string_view name, absl::Duration timeout, Body&& body)
    -> std::invoke_result_t<Body&, Tx&> {
  return RunTx(pool, name, absl::Now() + timeout, std::forward<Body>(body));
}

// For a `body` that reads by one statement and changes nothing: one round trip, where RunTx takes
// three, since the server needs no BEGIN for it. A second statement is INTERNAL. The statement has
// the time-out of the session, 30 seconds; `timeout` is for a connection to get free. Otherwise as
// RunTx.
template <typename Body>
auto RunRead(Pool& pool, std::string_view name, absl::Duration timeout, Body&& body)
    -> std::invoke_result_t<Body&, Tx&> {
  return RunTxOf(TxKind::kOneRead, pool, name, absl::Now() + timeout, std::forward<Body>(body));
}

}  // namespace slipway::db
