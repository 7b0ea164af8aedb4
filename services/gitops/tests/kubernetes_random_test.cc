#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "services/gitops/testing/kubernetes_stage.h"

namespace slipway::gitops {
namespace {

using Files = std::map<std::string, std::string>;  // name of a ConfigMap -> its value

constexpr int kSteps = 36;
constexpr int kStepsBetweenChecks = 12;
const std::string kForeign = "foreign-";

std::string ConfigMap(const std::string& name, const std::string& value) {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\ndata: {key: \"" + value +
         "\"}\n";
}

// Two apps in one namespace, commits by hand, faults of the server, kills, and people who edit with
// kubectl; and what has to be on the cluster in the end.
class History {
 public:
  explicit History(uint64_t seed) : random_(seed) {
    stage_.MakeApp(kApps[1]);
    Commit(0, {{"a0", "0"}});
    Commit(1, {{"b0", "0"}});
    Check();
  }

  void Step() {
    switch (Draw(10)) {
      case 0:
      case 1:
      case 2:
        return Commit(Draw(2), AnyFiles(Draw(2)));
      case 3:
        return Move();
      case 4:
        return Break();
      case 5:
        return Fail();
      case 6:
        log_.push_back("kill");
        return stage_.Restart();
      case 7:
        return EditKey();
      case 8:
        return EditOther();
      default:
        return Copy();
    }
  }

  // Nothing fails any more and what was broken is mended: the cluster gets as Git says, what others
  // made is as they made it, and nothing else was written in the meantime.
  void Check() {
    stage_.proxy.ClearRules();
    for (const size_t app : {0u, 1u}) {
      if (broken_[app]) Commit(app, desired_[app]);
    }
    log_.push_back("check");
    INFO(Told());
    for (const AppEnvironment& app : kApps) {
      const bool synced = stage_.AwaitSynced(app, absl::Seconds(60));
      INFO(app.app << ": " << stage_.Environment(app).drift);
      REQUIRE(synced);
    }
    std::map<std::string, std::string> live;
    const bool equal = KubernetesStage::Eventually([&] { return (live = Live()) == Wanted(); });
    CHECK(live == Wanted());
    REQUIRE(equal);
    for (const std::string& name : marked_) {
      INFO(name << " lost a field that is not ours");
      CHECK(stage_.ns->Kubectl({"get", "configmap", name, "-o", "jsonpath={.data.theirs}"}) == "x");
    }
    const auto seen =
        stage_.proxy.Requests({.method = "PATCH|PUT|POST|DELETE", .path = "/configmaps/"});
    CHECK(seen.count <= 1000);  // as many as the proxy shows
    for (const boost::json::value& request : seen.requests) {
      const std::string path(request.at("path").as_string());
      INFO(path);
      CHECK(path.find("/configmaps/" + kForeign) == std::string::npos);
      CHECK(path.find("/configmaps/kube-root-ca") == std::string::npos);
    }
    stage_.proxy.ForgetRequests();
    settled_.clear();
    for (const Files& files : desired_) {
      for (const auto& [name, value] : files) settled_.insert(name);
    }
  }

 private:
  static constexpr size_t kShared = 3;

  uint64_t Draw(uint64_t below) { return random_() % below; }
  std::string Told() const {
    std::string all;
    for (const std::string& line : log_) all += line + "\n";
    return all;
  }

  // Some of an app's own names, and those of the shared ones that it has.
  Files AnyFiles(size_t app) {
    Files files;
    const std::string prefix = app == 0 ? "a" : "b";
    for (int i = 0; i < 6; ++i) {
      if (i == 0 || Draw(2) == 0) files[prefix + std::to_string(i)] = std::to_string(Draw(3));
    }
    for (const auto& [name, value] : desired_[app]) {
      if (name[0] == 's') files[name] = std::to_string(Draw(3));
    }
    return files;
  }

  void Commit(size_t app, Files files, bool broken = false) {
    const std::string prefix = app == 0 ? "a" : "b";
    // The names of AnyFiles may be of the other app: they are made this one's.
    Files own;
    for (const auto& [name, value] : files)
      own[name[0] == 's' ? name : prefix + name.substr(1)] = value;
    for (const auto& [name, value] : desired_[app]) {
      if (name[0] == 's') own.emplace(name, value);
    }
    for (const auto& [name, value] : desired_[1 - app]) {
      if (name[0] == 's') own.erase(name);
    }
    Apply(app, std::move(own), broken);
  }

  void Apply(size_t app, Files files, bool broken) {
    std::map<std::string, std::string> folder;
    std::string line = "commit " + kApps[app].app + (broken ? " broken" : "");
    for (const auto& [name, value] : files) {
      folder[name + ".yaml"] = ConfigMap(name, value);
      line += " " + name + "=" + value;
    }
    if (broken) folder["zz.yaml"] = "kind: [\n";
    log_.push_back(line);
    if (!broken) {
      for (const auto& [name, value] : desired_[app]) {
        if (files.count(name) == 0) Forget(name);
      }
      desired_[app] = std::move(files);
    }
    broken_[app] = broken;
    stage_.Commit(kApps[app], folder);
  }

  // An object that is not the same one all the time keeps nothing of others.
  void Forget(const std::string& name) {
    marked_.erase(name);
    settled_.erase(name);
  }

  // A shared object goes from one app to the other, or to one that has it first.
  void Move() {
    const std::string name = "s" + std::to_string(Draw(kShared));
    const size_t to = desired_[0].count(name) != 0 ? 1 : 0;
    const bool before = Draw(2) == 0;  // the new owner names it before the old one drops it
    Files taker = desired_[to], giver = desired_[1 - to];
    taker[name] = std::to_string(Draw(3));
    const bool given = giver.erase(name) != 0;
    marked_.erase(name);
    if (before) Apply(to, taker, false);
    if (given) Apply(1 - to, giver, false);
    if (!before) Apply(to, taker, false);
    settled_.erase(name);
  }

  void Break() {
    const size_t app = Draw(2);
    // Half of the objects are gone from a folder that can't be read whole: none may be deleted.
    Files half;
    for (const auto& [name, value] : desired_[app]) {
      if (Draw(2) == 0) half[name] = value;
    }
    Apply(app, half, true);
  }

  void Fail() {
    const int times = static_cast<int>(1 + Draw(3));
    const std::string method = Draw(3) == 0 ? "DELETE" : "PATCH";
    boost::json::object rule = {{"method", method}, {"times", times}};
    switch (Draw(6)) {
      case 0:
        rule["answer"] = {{"status", 503}};
        break;
      case 1:
        rule["answer"] = {{"status", 429}, {"headers", {{"Retry-After", "1"}}}};
        break;
      case 2:
        rule["answer"] = {{"status", 403}};
        break;
      case 3:
        rule["cut"] = 200;
        break;
      case 4:
        rule["drop"] = Draw(2) == 0 ? "before" : "after";
        break;
      default:
        rule = {{"verb", "watch"}, {"times", times}, {"expire", true}};
        stage_.proxy.Interrupt({.verb = "watch"});
    }
    log_.push_back("fault " + boost::json::serialize(rule));
    stage_.proxy.AddRule(rule);
  }

  std::string AnySettled() {
    if (settled_.empty()) return "";
    return *std::next(settled_.begin(), static_cast<std::ptrdiff_t>(Draw(settled_.size())));
  }

  // Somebody changes or deletes what is ours. The object may be gone by now.
  void EditKey() {
    const std::string name = AnySettled();
    if (name.empty()) return;
    const bool away = Draw(2) == 0;
    log_.push_back((away ? "kubectl delete " : "kubectl patch ") + name);
    if (away) {
      Forget(name);
      Kubectl({"delete", "configmap", name, "--ignore-not-found", "--wait=false"});
    } else {
      Kubectl({"patch", "configmap", name, "--type=merge", "-p", R"({"data":{"key":"drift"}})"});
    }
  }

  // Somebody adds a field of theirs to an object that stays.
  void EditOther() {
    const std::string name = AnySettled();
    if (name.empty()) return;
    log_.push_back("kubectl mark " + name);
    if (Kubectl({"patch", "configmap", name, "--type=merge", "-p", R"({"data":{"theirs":"x"}})"}))
      marked_.insert(name);
  }

  // Somebody copies an object with all its labels and annotations, as operators do.
  void Copy() {
    const std::string name = AnySettled();
    if (name.empty()) return;
    const boost::json::value original = stage_.ns->Get("configmap", name);
    if (!original.is_object()) return;
    boost::json::object metadata = {{"name", kForeign + std::to_string(foreign_.size())}};
    for (const char* part : {"labels", "annotations"}) {
      if (const auto* found = original.at("metadata").as_object().if_contains(part))
        metadata[part] = *found;
    }
    const std::string copy(metadata["name"].as_string());
    log_.push_back("kubectl copy " + name + " to " + copy);
    stage_.ns->Apply(boost::json::serialize(boost::json::object{{"apiVersion", "v1"},
                                                                {"kind", "ConfigMap"},
                                                                {"metadata", metadata},
                                                                {"data", {{"key", "theirs"}}}}));
    foreign_.insert(copy);
  }

  bool Kubectl(std::vector<std::string> args) {
    args.insert(args.end(), {"-n", stage_.ns->name()});
    return stage_.ns->cluster().Kubectl(args).ok();
  }

  std::map<std::string, std::string> Wanted() const {
    std::map<std::string, std::string> all;
    for (const Files& files : desired_) all.insert(files.begin(), files.end());
    for (const std::string& name : foreign_) all[name] = "theirs";
    return all;
  }

  std::map<std::string, std::string> Live() {
    std::map<std::string, std::string> all;
    const boost::json::value list =
        boost::json::parse(stage_.ns->Kubectl({"get", "configmaps", "-o", "json"}));
    for (const boost::json::value& item : list.at("items").as_array()) {
      const std::string name(item.at("metadata").at("name").as_string());
      if (name != "kube-root-ca.crt") all[name] = item.at("data").at("key").as_string();
    }
    return all;
  }

  const std::vector<AppEnvironment> kApps = {KubernetesStage::kDev, {"demo", "other", "dev"}};
  KubernetesStage stage_;
  std::mt19937_64 random_;
  Files desired_[2];
  bool broken_[2] = {false, false};
  std::set<std::string> foreign_;
  std::set<std::string> settled_;  // on the cluster at the last check, and desired ever since
  std::set<std::string> marked_;   // of those, which have a field of somebody else
  std::vector<std::string> log_;
};

// Three histories, or as many as SLIPWAY_HISTORIES says from SLIPWAY_HISTORY_SEED on.
TEST_CASE("whatever is committed, killed, edited and failing, the cluster ends as Git says") {
  const char* count = std::getenv("SLIPWAY_HISTORIES");
  const char* first = std::getenv("SLIPWAY_HISTORY_SEED");
  const uint64_t from = first != nullptr ? std::strtoull(first, nullptr, 10) : 1;
  const uint64_t histories = count != nullptr ? std::strtoull(count, nullptr, 10) : 3;
  for (uint64_t seed = from; seed < from + histories; ++seed) {
    INFO("seed " << seed);
    History history(seed);
    for (int step = 1; step <= kSteps; ++step) {
      history.Step();
      if (step % kStepsBetweenChecks == 0) history.Check();
    }
  }
}

}  // namespace
}  // namespace slipway::gitops
