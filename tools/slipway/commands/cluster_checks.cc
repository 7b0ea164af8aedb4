#include "tools/slipway/commands/cluster_checks.h"

#include "tools/slipway/client/json_text.h"

namespace slipway::cli {
namespace {

namespace bj = boost::json;

bj::object Summary(const bj::value& check) {
  bj::object summary{{"version", Text(check, "version")}, {"status", "ready"}};
  for (const bj::value& stage : List(check, "stages")) {
    if (Text(stage, "ok") != "true") {
      summary["status"] = Text(stage, "name") + ": " + Text(stage, "remedy");
      break;
    }
    // Where a kubeconfig leads to is not seen otherwise.
    if (Text(stage, "name") == "definition") summary["server"] = Text(stage, "message");
  }
  return summary;
}

}  // namespace

void AddChecks(Context& context, bj::array& clusters) {
  for (bj::value& cluster : clusters) {
    if (Object(cluster, "spec").if_contains("kubernetes") == nullptr) continue;
    const auto check = context.api.Post(Path(Text(cluster, "name"), "check"), bj::object());
    if (check.ok()) cluster.as_object()["check"] = Summary(*check);
  }
}

}  // namespace slipway::cli
