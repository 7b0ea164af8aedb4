#pragma once

#include <memory>
#include <string>

#include "libs/rpc/push_stream.h"
#include "services/build/engine/log_follower.h"
#include "services/build/engine/queries.h"
#include "services/build/engine/watchers.h"

namespace slipway::build {

// The body of WatchRun: the run whenever it reads differently, until it has ended.
class RunStream final : public rpc::StreamSource<v1::Run> {
 public:
  static absl::StatusOr<std::unique_ptr<rpc::StreamSource<v1::Run>>> Open(Core& core,
                                                                          Queries& queries,
                                                                          const std::string& name,
                                                                          rpc::StreamWaker waker);
  absl::StatusOr<Step> Next() override;

 private:
  RunStream(Queries& queries, std::string name) : queries_(queries), name_(std::move(name)) {}

  Queries& queries_;
  const std::string name_;
  std::string sent_;
  std::unique_ptr<Watchers::Subscription> watch_;
};

// The body of TailLog.
class LogStream final : public rpc::StreamSource<v1::LogChunk> {
 public:
  static absl::StatusOr<std::unique_ptr<rpc::StreamSource<v1::LogChunk>>> Open(
      Core& core, LogReader& reader, const v1::TailLogRequest& request, rpc::StreamWaker waker);
  absl::StatusOr<Step> Next() override;

 private:
  explicit LogStream(std::unique_ptr<LogFollower> follower) : follower_(std::move(follower)) {}

  std::unique_ptr<LogFollower> follower_;
  std::unique_ptr<Watchers::Subscription> watch_;
};

}  // namespace slipway::build
