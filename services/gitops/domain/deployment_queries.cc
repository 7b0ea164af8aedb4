#include "services/gitops/domain/deployment_queries.h"

#include <algorithm>
#include <charconv>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/db/run_tx.h"
#include "services/gitops/domain/convert.h"
#include "services/gitops/domain/errors.h"
#include "services/gitops/store/deployment_store.h"

namespace slipway::gitops {
namespace {

namespace pb = slipway::gitops::v1;

constexpr absl::Duration kTxTime = absl::Seconds(10);

// The token says where to go on and for which filter: "MICROS ID FILTER".
std::string FilterOf(const pb::ListDeploymentsRequest& request) {
  return Sha256Hex(request.parent() + (request.current_only() ? "!" : "?")).substr(0, 12);
}

absl::Status ReadToken(const pb::ListDeploymentsRequest& request, deployments::Page& page) {
  if (request.page_token().empty()) return absl::OkStatus();
  const absl::Status bad =
      InvalidField("pageToken", "is not from an earlier answer to the same question");
  const auto text = Base64UrlDecode(request.page_token());
  if (!text) return bad;
  const auto parts = Split(*text, ' ');
  if (parts.size() != 3 || parts[2] != FilterOf(request)) return bad;
  int64_t micros = 0;
  const auto number = [](const std::string& from, int64_t& to) {
    const auto [end, error] = std::from_chars(from.data(), from.data() + from.size(), to);
    return error == std::errc() && end == from.data() + from.size();
  };
  if (!number(parts[0], micros) || !number(parts[1], page.before_id)) return bad;
  page.before_time = absl::FromUnixMicros(micros);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<pb::Deployment> DeploymentQueries::Get(const DeploymentName& name) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto found,
                           db::RunTx(pool_, "deployments.get", kTxTime,
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
  if (request.page_size() < 0) return InvalidField("pageSize", "is not negative");
  const size_t size =
      static_cast<size_t>(request.page_size() == 0 ? 50 : std::min(request.page_size(), 500));
  const auto any = [](const std::string& part) { return part == "-" ? std::string() : part; };
  deployments::Page page{.project = any(where.project),
                         .app = any(where.app),
                         .environment = any(where.environment),
                         .current_only = request.current_only(),
                         .limit = static_cast<int>(size) + 1};
  SLIPWAY_RETURN_IF_ERROR(ReadToken(request, page));
  pb::ListDeploymentsResponse response;
  // Rows that the caller may not see don't count, so several reads may be needed for one page.
  while (true) {
    SLIPWAY_ASSIGN_OR_RETURN(const auto rows,
                             db::RunTx(pool_, "deployments.list", kTxTime,
                                       [&](db::Tx& tx) { return deployments::List(tx, page); }));
    for (const deployments::Listed& row : rows) {
      if (static_cast<size_t>(response.deployments_size()) == size) {
        response.set_next_page_token(
            Base64UrlEncode(std::to_string(absl::ToUnixMicros(*page.before_time)) + " " +
                            std::to_string(page.before_id) + " " + FilterOf(request)));
        return response;
      }
      page.before_time = row.deployment.created;
      page.before_id = row.deployment.id;
      if (visible(row.deployment.where))
        *response.add_deployments() = ToProto(row.deployment, &row.environment);
    }
    if (rows.size() <= size) return response;
  }
}

}  // namespace slipway::gitops
