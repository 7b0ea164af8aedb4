#include "services/gateway/backend/webhook_intake.h"

#include "absl/time/clock.h"
#include "slipway/trigger/v1/trigger.grpc.pb.h"

namespace slipway::gateway {
namespace {

namespace pb = slipway::trigger::v1;

constexpr size_t kMaxBatch = 64;
constexpr size_t kMaxBatchBytes = 24 << 20;

}  // namespace

WebhookIntake::WebhookIntake(rpc::Peer trigger, int lanes, absl::Duration timeout)
    : trigger_(std::move(trigger)), timeout_(timeout) {
  for (int i = 0; i < lanes; ++i) {
    lanes_.emplace_back([this](const std::stop_token& stop) { Run(stop); });
  }
}

WebhookIntake::~WebhookIntake() {
  for (std::jthread& lane : lanes_) lane.request_stop();
  lanes_.clear();
  std::deque<Waiting> left;
  {
    const MutexLock lock(mu_);
    left.swap(waiting_);
  }
  for (const Waiting& item : left) item.done(absl::UnavailableError("the gateway stops"));
}

void WebhookIntake::Deliver(Incoming incoming, Done done) {
  {
    const MutexLock lock(mu_);
    waiting_.push_back({std::move(incoming), std::move(done), absl::Now() + timeout_});
  }
  wake_.notify_one();
}

std::vector<WebhookIntake::Waiting> WebhookIntake::TakeBatch(const std::stop_token& stop) {
  std::vector<Waiting> batch;
  std::unique_lock<std::mutex> lock(mu_);
  if (!wake_.wait(lock, stop, [this] { return !waiting_.empty(); })) return batch;
  size_t bytes = 0;
  while (!waiting_.empty() && batch.size() < kMaxBatch) {
    bytes += waiting_.front().incoming.body().size();
    if (!batch.empty() && bytes > kMaxBatchBytes) break;
    batch.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return batch;
}

void WebhookIntake::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::vector<Waiting> batch = TakeBatch(stop);
    if (!batch.empty()) Send(std::move(batch));
  }
}

void WebhookIntake::Send(std::vector<Waiting> batch) {
  const absl::Time now = absl::Now();
  std::erase_if(batch, [now](const Waiting& item) {
    if (item.deadline > now) return false;
    item.done(absl::UnavailableError("the trigger service does not keep up"));
    return true;
  });
  if (batch.empty()) return;
  pb::DeliverBatchRequest request;
  for (Waiting& item : batch) *request.add_deliveries() = std::move(item.incoming);
  const auto stub = pb::TriggerService::NewStub(trigger_.channel());
  rpc::CallOptions options;
  options.timeout = timeout_;
  options.deadline = batch.front().deadline;
  options.retry = true;  // a delivery that was stored already is known by its id
  if (request.deliveries_size() == 1) options.traceparent = request.deliveries(0).traceparent();
  absl::StatusOr<pb::DeliverBatchResponse> response = trigger_.Call<pb::DeliverBatchResponse>(
      *stub, &pb::TriggerService::Stub::DeliverBatch, request, options);
  if (response.status().code() == absl::StatusCode::kDeadlineExceeded) {
    response = absl::UnavailableError("the trigger service did not answer in time");
  }
  if (response.ok() && response->answers_size() != request.deliveries_size()) {
    response = absl::InternalError("trigger answered another number of deliveries");
  }
  for (size_t i = 0; i < batch.size(); ++i) {
    if (response.ok()) {
      batch[i].done(std::move(*response->mutable_answers(static_cast<int>(i))));
    } else {
      batch[i].done(response.status());
    }
  }
}

}  // namespace slipway::gateway
