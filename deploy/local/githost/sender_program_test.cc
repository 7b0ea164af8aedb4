// slipway-push-sender as a process: what it shows of itself, and its settings as tools/up gives
// them.

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "deploy/local/githost/testing_git_host.h"
#include "libs/http/client.h"

namespace slipway::githost {
namespace {

// The program with the suite's settings, its data in the git host of the test.
class SenderProgram {
 public:
  SenderProgram(const GitHost& host, int receiver_port) : run_(host.data() + "/run") {
    REQUIRE(MakeDirectories(run_ + "/push-sender").ok());
    REQUIRE(WriteFileAtomic(host.data() + "/etc/git/hook.secret", kSecret + "\n").ok());
    process::ProcessSpec spec;
    // The table's own lines; the user stays the test's.
    spec.argv = {"bash",
                 "-euc",
                 ". \"$1/deploy/local/all.sh\"; DATA=$2 RUN=$3 GIT_URL=$4 GATEWAY_URL=$5; "
                 "chpst() { shift 2; exec \"$@\"; }; "
                 "while IFS= read -r line; do export \"$line\"; done < <(settings_of push-sender); "
                 "eval \"$(command_of push-sender | sed 's/^exec //')\"",
                 "-",
                 Env("SLIPWAY_SOURCE_DIR"),
                 host.data(),
                 run_,
                 host.url(),
                 "http://127.0.0.1:" + std::to_string(receiver_port)};
    spec.out = process::OutputSink::Discard();
    spec.err = process::OutputSink::Discard();
    auto started = process::Process::Start(spec);
    REQUIRE(started.ok());
    process_ = std::make_unique<process::Process>(std::move(*started));
    REQUIRE(Eventually(absl::Seconds(10), [&] { return Get("/readyz").status == 200; }));
  }

  http::HttpResponse Get(const std::string& path) {
    http::HttpRequest request;
    request.url = "http://localhost" + path;
    request.unix_socket = run_ + "/push-sender/admin.sock";
    auto response = client_.Send(request);
    return response.ok() ? *response : http::HttpResponse{};
  }
  // True once the metrics hold this line, as the library orders labels.
  bool Shows(const std::string& line) {
    return Eventually(absl::Seconds(10), [&] {
      return Get("/metrics").body.find("\n" + line + "\n") != std::string::npos;
    });
  }

 private:
  const std::string run_;
  http::HttpClient client_;
  std::unique_ptr<process::Process> process_;
};

TEST_CASE("The sender tells what waits in its spool, for how long, and how its posts ended") {
  GitHost host;
  HookReceiver receiver;
  receiver.AnswerNextWith({202, 503, 400});
  SenderProgram sender(host, receiver.port());
  CHECK(sender.Get("/healthz").status == 200);
  CHECK(sender.Shows("slipway_queue_depth{service=\"push-sender\",queue=\"pushes\"} 0"));

  const std::string tree = host.NewWorkTree("main");
  host.Commit(tree, "a.txt", "1");
  host.Git({"push", "-q", host.url() + "/demo/other.git", "main"}, tree);
  REQUIRE(receiver.Next(absl::Seconds(10)));
  CHECK(sender.Shows("slipway_push_posts_total{service=\"push-sender\",result=\"accepted\"} 1"));
  CHECK(sender.Shows("slipway_queue_depth{service=\"push-sender\",queue=\"pushes\"} 0"));
  CHECK(sender.Shows("slipway_queue_age_seconds{service=\"push-sender\",queue=\"pushes\"} 0"));

  host.Git({"push", "-q", host.url() + "/demo/hello.git", "main"}, tree);
  const auto first = receiver.Next(absl::Seconds(10));
  const auto second = receiver.Next(absl::Seconds(10));
  REQUIRE((first && second));
  CHECK(sender.Shows("slipway_push_posts_total{service=\"push-sender\",result=\"unavailable\"} 1"));
  CHECK(sender.Shows("slipway_push_posts_total{service=\"push-sender\",result=\"refused\"} 1"));
  // The refused push waits.
  CHECK(sender.Shows("slipway_queue_depth{service=\"push-sender\",queue=\"pushes\"} 1"));
  CHECK(Eventually(absl::Seconds(10), [&] {
    const std::string metrics = sender.Get("/metrics").body;
    const std::string name =
        "\nslipway_queue_age_seconds{service=\"push-sender\",queue=\"pushes\"} ";
    const size_t at = metrics.find(name);
    return at != std::string::npos && std::stod(metrics.substr(at + name.size())) > 0;
  }));

  // Each attempt belongs to the one trace of its delivery, with a span of its own.
  const std::string a = first->Header("traceparent"), b = second->Header("traceparent");
  REQUIRE((a.size() == 55 && b.size() == 55));
  CHECK(a.substr(0, 35) == b.substr(0, 35));
  CHECK(a != b);
}

}  // namespace
}  // namespace slipway::githost
