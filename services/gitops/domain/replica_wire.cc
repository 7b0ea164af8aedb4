#include "services/gitops/domain/replica_wire.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/db/leadership.h"
#include "libs/db/run_tx.h"
#include "libs/log/log.h"

namespace slipway::gitops {
namespace {

constexpr absl::Duration kTxTime = absl::Seconds(5);
constexpr absl::Duration kRetry = absl::Seconds(1);
// More than this is not kept for a database that is away: who comes back looks at everything.
constexpr size_t kMostWaiting = 20'000;

constexpr std::pair<Notice::Kind, std::string_view> kWords[] = {
    {Notice::Kind::kDeployment, "deployment"},
    {Notice::Kind::kEnvironment, "environment"},
    {Notice::Kind::kPush, "push"},
    {Notice::Kind::kDefinition, "definition"},
    {Notice::Kind::kCluster, "cluster"},
    {Notice::Kind::kProvider, "provider"},
    {Notice::Kind::kLeases, "leases"},
    {Notice::Kind::kCredentials, "credentials"}};

// The text up to the next space, which is taken off.
std::string_view Word(std::string_view& text) {
  const size_t space = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, space);
  text.remove_prefix(std::min(space + 1, text.size()));
  return word;
}

}  // namespace

std::string ToText(const Notice& notice) {
  std::string text;
  for (const auto& [kind, word] : kWords) {
    if (kind == notice.kind) text = word;
  }
  return text + " " + std::to_string(static_cast<int>(notice.state)) + " " + notice.name;
}

std::optional<Notice> ParseNotice(const std::string& text) {
  std::string_view rest = text;
  const std::string_view word = Word(rest), state = Word(rest);
  int number = 0;
  const auto read = std::from_chars(state.data(), state.data() + state.size(), number);
  if (read.ec != std::errc() || !slipway::gitops::v1::DeploymentStatus::State_IsValid(number))
    return std::nullopt;
  for (const auto& [kind, known] : kWords) {
    if (known == word) return Notice{kind, std::string(rest), static_cast<DeploymentState>(number)};
  }
  return std::nullopt;
}

ReplicaWire::ReplicaWire(db::Pool& pool, std::string name)
    : pool_(pool),
      name_(std::move(name)),
      loop_([this](const std::stop_token&) { return Pass(); }) {}

void ReplicaWire::Start(const std::string& session, std::function<bool()> alone) {
  session_ = session;
  alone_ = std::move(alone);
  loop_.Start();
}

void ReplicaWire::Stop() {
  loop_.Stop();
  Pass();
}

void ReplicaWire::Say(const Notice& notice) {
  if (!alone_ || alone_()) return;
  {
    MutexLock lock(mu_);
    if (queue_.size() >= kMostWaiting) return;
    queue_.insert(session_ + " " + ToText(notice));
  }
  loop_.Wake();
}

std::optional<Notice> ReplicaWire::Hear(const std::string& text) const {
  std::string_view rest = text;
  if (Word(rest) == session_) return std::nullopt;
  return ParseNotice(std::string(rest));
}

absl::Duration ReplicaWire::Pass() {
  std::set<std::string> said;
  {
    MutexLock lock(mu_);
    said.swap(queue_);
  }
  if (said.empty()) return absl::Minutes(1);
  const absl::Status told =
      db::RunTx(pool_, "replicas.tell", kTxTime, [&](db::Tx& tx) -> absl::Status {
        for (const std::string& text : said)
          SLIPWAY_RETURN_IF_ERROR(db::Leadership::Tell(tx, name_, text));
        return absl::OkStatus();
      });
  if (told.ok()) return absl::Minutes(1);
  log::Log(log::Level::kDebug, "replicas.not_told", "is tried again", {{"error", MessageOf(told)}});
  MutexLock lock(mu_);
  if (queue_.size() < kMostWaiting) queue_.merge(said);
  return kRetry;
}

}  // namespace slipway::gitops
