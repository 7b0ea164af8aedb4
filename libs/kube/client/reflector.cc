#include "libs/kube/client/reflector.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <random>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/kube/client/answer.h"
#include "libs/kube/client/errors.h"
#include "libs/kube/client/json_scan.h"
#include "libs/kube/client/ledger.h"

namespace slipway::kube {
namespace {

constexpr absl::Duration kListTimeout = absl::Seconds(60);
constexpr absl::Duration kWatchGrace = absl::Seconds(30);  // beyond what the server was asked for
// A watch that ended in peace sooner than this, without a line, is one that does not work.
constexpr absl::Duration kShortWatch = absl::Seconds(1);
constexpr absl::Duration kReconnectJitter = absl::Milliseconds(50);

constexpr char kMetadataOnly[] =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
constexpr char kMetadataListOnly[] =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

// After a restore from a backup the server does not know the version yet that was seen before.
bool IsFromTheFuture(const ApiStatus& status) {
  for (const ApiStatus::Cause& cause : status.causes) {
    if (cause.reason == "ResourceVersionTooLarge") return true;
  }
  return status.message.find("Too large resource version") != std::string::npos;
}

}  // namespace

// All of it lives on the loop's thread, but for the counters at the end.
class Reflector::State : public std::enable_shared_from_this<Reflector::State> {
 public:
  State(Client& client, Options options, ReflectorHandler& handler)
      : client_(client),
        options_(std::move(options)),
        handler_(handler),
        random_(std::random_device{}()) {}

  void Start() {
    if (stopped_ || started_) return;
    started_ = true;
    List();
  }

  void Stop() {
    stopped_ = true;
    ++attempt_;
    if (timer_ != 0) client_.CancelTimer(timer_);
    if (idle_timer_ != 0) client_.CancelTimer(idle_timer_);
    if (call_ != 0) client_.Cancel(call_);
    timer_ = idle_timer_ = 0;
    call_ = 0;
  }

  Client& client() { return client_; }
  bool synced() const { return synced_; }
  size_t objects() const { return objects_; }
  uint64_t lists() const { return lists_; }

 private:
  using Query = std::vector<std::pair<std::string, std::string>>;

  // A callback that does nothing once the reflector has stopped, and keeps this alive until then.
  template <typename Function>
  auto Mine(Function function) {
    return [this, self = shared_from_this(), attempt = attempt_,
            function = std::move(function)](auto&&... args) {
      if (!stopped_ && attempt == attempt_) function(std::forward<decltype(args)>(args)...);
    };
  }

  // Begins from nothing.
  void List() {
    ++lists_;
    synced_ = false;
    relist_ = false;
    version_.clear();
    ledger_.BeginRound();
    Page("");
  }

  void Page(const std::string& continue_token) {
    Query query = Selectors();
    if (!whole_list_) query.emplace_back("limit", std::to_string(options_.page_size));
    if (!continue_token.empty()) query.emplace_back("continue", continue_token);
    Request request = NewRequest("list", std::move(query));
    if (options_.metadata_only) request.accept = kMetadataListOnly;
    request.timeout = kListTimeout;
    request.max_response_bytes = uint64_t{1} << 30;
    call_ = client_.Send(std::move(request), Mine([this](absl::StatusOr<Response> response) {
                           call_ = 0;
                           OnPage(Judge(std::move(response), "list " + What()));
                         }));
  }

  void OnPage(const Answer& answer) {
    if (answer.outcome == Outcome::kGone) {
      // The snapshot expired between two pages; the second time without pages.
      whole_list_ = true;
      return Later([this] { List(); }, answer.error);
    }
    if (!answer.ok()) return Later([this] { List(); }, answer.error);
    const absl::StatusOr<ListPage> page = ParseListPage(answer.body);
    if (!page.ok()) return Later([this] { List(); }, Garbage(page.status()));
    bool good = true;
    if (!page->items.empty()) {
      good = scan::Items(page->items, [this](std::string_view item) {
        const absl::StatusOr<ObjectView> object = ViewObject(item);
        if (object.ok()) Show(*object);
        return object.ok() && !stopped_;
      });
    }
    if (stopped_) return;
    if (!good) return Later([this] { List(); }, Garbage(absl::InvalidArgumentError("a cut list")));
    if (!page->continue_token.empty()) return Page(page->continue_token);
    version_ = page->resource_version;
    EndOfList();
    if (!stopped_) Watch();
  }

  void EndOfList() {
    whole_list_ = false;
    failures_ = 0;
    ledger_.Sweep([this](const ObjectView& object) { Tell(Change::kDeleted, object); });
    Publish();
    synced_ = true;
    if (!stopped_) handler_.OnSynced();
  }

  void Watch() {
    const absl::Duration asked =
        options_.watch_timeout * std::uniform_real_distribution<double>(1, 2)(random_);
    Query query = Selectors();
    query.emplace_back("watch", "true");
    query.emplace_back("allowWatchBookmarks", "true");
    query.emplace_back("resourceVersion", version_);
    query.emplace_back("timeoutSeconds",
                       std::to_string(std::max<int64_t>(absl::ToInt64Seconds(asked), 1)));
    Request request = NewRequest("watch", std::move(query));
    if (options_.metadata_only) request.accept = kMetadataOnly;
    request.timeout = asked + kWatchGrace;
    began_ = last_line_ = absl::Now();
    lines_ = 0;
    const auto on_line = Mine([this](std::string_view line) { OnLine(line); });
    call_ = client_.Stream(std::move(request),
                           {.on_line =
                                [this, self = shared_from_this(), on_line](std::string_view line) {
                                  on_line(line);
                                  return stopped_ || ended_ ? Flow::kEnd : Flow::kContinue;
                                },
                            .on_end = Mine([this](absl::StatusOr<Response> response) {
                              call_ = 0;
                              OnWatchEnd(std::move(response));
                            })});
    ended_ = false;
    CheckIdle();
  }

  void OnLine(std::string_view line) {
    last_line_ = absl::Now();
    ++lines_;
    const absl::StatusOr<WatchEvent> event = ParseWatchEvent(line);
    if (!event.ok()) return EndWatch(Garbage(event.status()));
    switch (event->type) {
      case WatchEvent::Type::kBookmark:
        return OnBookmark(event->object);
      case WatchEvent::Type::kError:
        return OnErrorEvent(event->object);
      default:
        break;
    }
    const absl::StatusOr<ObjectView> object = ViewObject(event->object);
    if (!object.ok()) return EndWatch(Garbage(object.status()));
    version_ = object->resource_version;
    failures_ = 0;
    if (event->type == WatchEvent::Type::kDeleted) {
      ledger_.Forget(object->uid);
      Publish();
      Tell(Change::kDeleted, *object);
    } else {
      Show(*object);
    }
  }

  void OnBookmark(std::string_view object) {
    const std::string_view metadata = scan::Field(object, "metadata");
    const std::string_view version = scan::PlainString(scan::Field(metadata, "resourceVersion"));
    if (version.empty()) return EndWatch(Garbage(absl::InvalidArgumentError("a bad bookmark")));
    version_ = version;
  }

  void OnErrorEvent(std::string_view object) {
    const Response response{.status = 200, .headers = {}, .body = std::string(object)};
    const ApiStatus status = ParseApiStatus(response);
    relist_ = status.code == 410 || IsFromTheFuture(status);
    EndWatch(ClusterUnreachable("watch " + What(), status.message));
  }

  // Ends the stream from inside of a line; OnWatchEnd goes on.
  void EndWatch(absl::Status problem) {
    ended_ = true;
    problem_ = std::move(problem);
  }

  void OnWatchEnd(absl::StatusOr<Response> response) {
    if (idle_timer_ != 0) client_.CancelTimer(std::exchange(idle_timer_, 0));
    absl::Status problem = std::exchange(problem_, absl::OkStatus());
    const Answer answer = Judge(std::move(response), "watch " + What());
    if (!answer.ok()) {
      if (problem.ok()) problem = answer.error;
      relist_ = relist_ || answer.outcome == Outcome::kGone || IsFromTheFuture(answer.status);
    }
    if (relist_) return Later([this] { List(); }, problem);
    if (problem.ok() && (lines_ > 0 || absl::Now() - began_ > kShortWatch)) {
      return After(kReconnectJitter * Random(), [this] { Watch(); });
    }
    Later([this] { Watch(); },
          problem.ok() ? ClusterUnreachable("watch " + What(), "it ended at once") : problem);
  }

  // A connection can be dead without a sign of it.
  void CheckIdle() {
    if (idle_timer_ != 0) client_.CancelTimer(idle_timer_);
    const absl::Duration left = options_.idle_limit - (absl::Now() - last_line_);
    idle_timer_ = client_.After(std::max(left, absl::ZeroDuration()), Mine([this] {
                                  idle_timer_ = 0;
                                  if (absl::Now() - last_line_ < options_.idle_limit)
                                    return CheckIdle();
                                  problem_ =
                                      ClusterUnreachable("watch " + What(), "it fell silent");
                                  client_.Cancel(call_);
                                }));
  }

  void Show(const ObjectView& object) {
    const bool added = ledger_.See(object);
    Publish();
    Tell(added ? Change::kAdded : Change::kModified, object);
  }

  void Tell(Change change, const ObjectView& object) {
    if (!stopped_) handler_.OnChange(change, object);
  }

  void Later(Loop::Task next, const absl::Status& problem) {
    if (!problem.ok()) handler_.OnTrouble(problem);
    if (stopped_) return;
    const int doublings = std::min(failures_++, 20);
    const absl::Duration longest =
        std::min(options_.max_backoff, options_.min_backoff * (int64_t{1} << doublings));
    After(longest * (0.5 + 0.5 * Random()), std::move(next));
  }

  void After(absl::Duration delay, Loop::Task next) {
    timer_ = client_.After(delay, Mine([this, next = std::move(next)] {
                             timer_ = 0;
                             next();
                           }));
  }

  Query Selectors() const {
    Query query;
    if (!options_.label_selector.empty()) {
      query.emplace_back("labelSelector", options_.label_selector);
    }
    if (!options_.field_selector.empty()) {
      query.emplace_back("fieldSelector", options_.field_selector);
    }
    return query;
  }

  Request NewRequest(const char* verb, const Query& query) const {
    Request request;
    request.verb = verb;
    request.path = options_.resource.CollectionPath(options_.ns) + "?" + EncodeQuery(query);
    request.impersonate = options_.impersonate;
    return request;
  }

  absl::Status Garbage(const absl::Status& problem) const {
    return AnswerInvalid("watch " + What(), MessageOf(problem));
  }
  std::string What() const { return options_.resource.resource; }
  double Random() { return std::uniform_real_distribution<double>(0, 1)(random_); }
  void Publish() { objects_ = ledger_.size(); }

  Client& client_;
  const Options options_;
  ReflectorHandler& handler_;
  Ledger ledger_;
  std::string version_;      // where the watch goes on
  bool whole_list_ = false;  // pages expired: the next list has none
  bool relist_ = false;      // version_ is of no use any more
  bool started_ = false;
  bool stopped_ = false;
  bool ended_ = false;  // the watch under way is to end
  absl::Status problem_;
  Client::CallId call_ = 0;
  Loop::TimerId timer_ = 0;
  Loop::TimerId idle_timer_ = 0;
  uint64_t attempt_ = 0;
  int failures_ = 0;
  int64_t lines_ = 0;  // of the watch under way
  absl::Time began_, last_line_;
  std::minstd_rand random_;
  std::atomic<bool> synced_{false};
  std::atomic<size_t> objects_{0};
  std::atomic<uint64_t> lists_{0};
};

Reflector::Reflector(Client& client, Options options, ReflectorHandler& handler)
    : state_(std::make_shared<State>(client, std::move(options), handler)) {}

Reflector::~Reflector() { Stop(); }

void Reflector::Start() {
  state_->client().Post([state = state_] { state->Start(); });
}

void Reflector::Stop() {
  if (state_->client().OnLoopThread()) return state_->Stop();
  std::promise<void> stopped;
  state_->client().Post([&] {
    state_->Stop();
    stopped.set_value();
  });
  stopped.get_future().wait();
}

bool Reflector::synced() const { return state_->synced(); }
size_t Reflector::objects() const { return state_->objects(); }
uint64_t Reflector::lists() const { return state_->lists(); }

}  // namespace slipway::kube
