#include "services/gitops/domain/deployment_queries.h"

#include "absl/strings/numbers.h"
#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/db/run_tx.h"
#include "libs/rpc/errors.h"
#include "libs/rpc/paging.h"
#include "services/gitops/domain/convert.h"
#include "services/gitops/domain/errors.h"
#include "services/gitops/store/deployment_store.h"

namespace slipway::gitops {
namespace {

namespace pb = slipway::gitops::v1;

constexpr absl::Duration kTxTime = absl::Seconds(10);

std::string ListOf(const pb::ListDeploymentsRequest& request) {
  const std::string filter =
      std::to_string(request.state()) + "/" + std::to_string(request.health());
  return Join({"deployments", request.parent(), request.current_only() ? "current" : "all", filter},
              " ");
}

absl::Status ReadToken(const pb::ListDeploymentsRequest& request, deployments::Page& page) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::optional<rpc::TimePlace> place,
                           rpc::ReadTimePageToken(ListOf(request), request.page_token()));
  if (!place) return absl::OkStatus();
  if (!absl::SimpleAtoi(place->id, &page.before_id)) return rpc::BadPageToken();
  page.before_time = place->time;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<pb::Deployment> DeploymentQueries::Get(const DeploymentName& name) {
  SLIPWAY_ASSIGN_OR_RETURN(
      const auto found, db::RunRead(pool_, "deployments.get", kTxTime,
                                    [&](db::Tx& tx) { return deployments::GetListed(tx, name); }));
  if (!found) {
    return DeploymentNotFound(name.number > 0 ? name.Name()
                                              : name.where.Name() + "/deployments/latest");
  }
  return ToProto(found->deployment, &found->environment);
}

absl::StatusOr<pb::ListDeploymentsResponse> DeploymentQueries::List(
    const pb::ListDeploymentsRequest& request, const Visible& visible) {
  SLIPWAY_ASSIGN_OR_RETURN(const AppEnvironment where,
                           ParseAppEnvironment(request.parent(), "parent"));
  SLIPWAY_ASSIGN_OR_RETURN(const int size, rpc::PageSize(request.page_size(), 50, 500));
  if (!pb::DeploymentStatus::State_IsValid(request.state()))
    return InvalidField("state", "is none that there is");
  if (!pb::DeploymentStatus::Health_IsValid(request.health()))
    return InvalidField("health", "is none that there is");
  const auto any = [](const std::string& part) { return part == "-" ? std::string() : part; };
  deployments::Page page{.project = any(where.project),
                         .app = any(where.app),
                         .environment = any(where.environment),
                         .current_only = request.current_only(),
                         .state = request.state(),
                         .health = request.health(),
                         .limit = size + 1};
  SLIPWAY_RETURN_IF_ERROR(ReadToken(request, page));
  pb::ListDeploymentsResponse response;
  // Rows that the caller may not see don't count, so several reads may be needed for one page.
  while (true) {
    SLIPWAY_ASSIGN_OR_RETURN(const auto rows,
                             db::RunTx(pool_, "deployments.list", kTxTime,
                                       [&](db::Tx& tx) { return deployments::List(tx, page); }));
    for (const deployments::Listed& row : rows) {
      if (response.deployments_size() == size) {
        response.set_next_page_token(rpc::PageToken(
            ListOf(request), rpc::TimePlace{*page.before_time, std::to_string(page.before_id)}));
        return response;
      }
      page.before_time = row.deployment.created;
      page.before_id = row.deployment.id;
      if (visible(row.deployment.where))
        *response.add_deployments() = ToProto(row.deployment, &row.environment);
    }
    if (static_cast<int>(rows.size()) <= size) return response;
  }
}

}  // namespace slipway::gitops
