#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "libs/base/mutex.h"
#include "libs/kube/client/answer.h"
#include "libs/kube/client/apply.h"

namespace slipway::gitops::kubernetes {

// Answers to requests that were sent at once, in the order of sending. Each callback is to be
// called once.
class Batch {
 public:
  explicit Batch(size_t size) : state_(std::make_shared<State>(size)) {}

  std::function<void(kube::Answer)> Slot(size_t i) {
    return [state = state_, i](kube::Answer answer) {
      MutexLock lock(state->mu);
      state->answers[i] = std::move(answer);
      if (--state->open == 0) state->done.notify_all();
    };
  }
  // Waits for all; each request ends by its own timeout.
  std::vector<kube::Answer> Wait() {
    std::unique_lock lock(state_->mu);
    state_->done.wait(lock, [this] { return state_->open == 0; });
    return std::move(state_->answers);
  }

 private:
  struct State {
    explicit State(size_t size) : open(size), answers(size) {}
    Mutex mu;
    std::condition_variable done;
    size_t open SLIPWAY_GUARDED_BY(mu);
    std::vector<kube::Answer> answers SLIPWAY_GUARDED_BY(mu);
  };
  std::shared_ptr<State> state_;
};

// What the server says of `targets`, asked all at once; the answers in their order.
inline std::vector<kube::Answer> GetAll(kube::ObjectApi& api,
                                        const std::vector<kube::Target>& targets,
                                        const kube::ObjectApi::GetOptions& get) {
  Batch batch(targets.size());
  for (size_t i = 0; i < targets.size(); ++i) api.Get(targets[i], get, batch.Slot(i));
  return batch.Wait();
}

}  // namespace slipway::gitops::kubernetes
