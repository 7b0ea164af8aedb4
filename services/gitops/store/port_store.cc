#include "services/gitops/store/port_store.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <set>

#include "libs/base/status.h"
#include "libs/base/unique_fd.h"
#include "libs/db/run_tx.h"
#include "services/gitops/domain/errors.h"

namespace slipway::gitops {
namespace {

constexpr absl::Duration kTxTime = absl::Seconds(10);

constexpr db::Sql kGet{
    "ports.get",
    "SELECT port FROM local_ports WHERE project = $1 AND app = $2 AND environment = $3"};
constexpr db::Sql kLock{"ports.lock", "LOCK TABLE local_ports IN SHARE ROW EXCLUSIVE MODE"};
constexpr db::Sql kAll{"ports.all", "SELECT port FROM local_ports"};
constexpr db::Sql kTake{
    "ports.take",
    "INSERT INTO local_ports (port, project, app, environment) VALUES ($1, $2, $3, $4)"};
constexpr db::Sql kFree{
    "ports.free", "DELETE FROM local_ports WHERE project = $1 AND app = $2 AND environment = $3"};

// Nobody listens on the loopback port.
bool IsFree(int port) {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return false;
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
}

}  // namespace

absl::StatusOr<int> PortStore::Take(const AppEnvironment& where) {
  return db::RunTx(pool_, "ports.take", kTxTime, [&](db::Tx& tx) -> absl::StatusOr<int> {
    SLIPWAY_ASSIGN_OR_RETURN(db::Result rows,
                             tx.Exec(kGet, where.project, where.app, where.environment));
    if (!rows.empty()) return rows[0].GetInt("port");
    SLIPWAY_RETURN_IF_ERROR(tx.Exec(kLock).status());
    SLIPWAY_ASSIGN_OR_RETURN(rows, tx.Exec(kAll));
    std::set<int> taken;
    for (const db::Row& row : rows) taken.insert(row.GetInt("port"));
    for (int port = first_; port <= last_; ++port) {
      if (taken.count(port) > 0 || !IsFree(port)) continue;
      SLIPWAY_RETURN_IF_ERROR(
          tx.Exec(kTake, port, where.project, where.app, where.environment).status());
      return port;
    }
    return NoFreePort(first_, last_);
  });
}

absl::Status PortStore::Free(const AppEnvironment& where) {
  return db::RunTx(pool_, "ports.free", kTxTime, [&](db::Tx& tx) {
    return tx.Exec(kFree, where.project, where.app, where.environment).status();
  });
}

}  // namespace slipway::gitops
