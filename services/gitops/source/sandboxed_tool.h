#pragma once

#include <condition_variable>
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/mutex.h"

namespace slipway::gitops {

// Runs a renderer that must only turn files into text: in bubblewrap without network, other
// programs or any file of this machine but its own binary and one read-only folder; with limits on
// CPU time, memory, output and written files; not more at once than the machine has cores. Owned by
// App; thread-safe.
class SandboxedTool {
 public:
  struct Limits {
    int64_t cpu_seconds = 30;
    int64_t memory_bytes = int64_t{3} << 30;  // of address space, which Go takes in advance
    int64_t go_memory_bytes = 512 << 20;      // from here on the collector works harder
    int64_t scratch_bytes = 64 << 20;         // of /tmp, in memory
    size_t output_bytes = 16 << 20;
    absl::Duration wall_time = absl::Seconds(90);
  };
  struct Options {
    std::string name = {};     // "helm"
    std::string setting = {};  // "helm-binary": named when it is missing
    std::string binary = {};   // absolute path; empty: not set up
    Limits limits = {};
    int parallel = 0;  // 0: as many as cores
  };
  explicit SandboxedTool(Options options);

  // Where the folder appears in the sandbox.
  static constexpr char kFolder[] = "/work";

  // What tells this binary from another version of it; TOOL_MISSING.
  absl::StatusOr<std::string> Identity() const;

  // Runs the tool with `arguments` and the folder of this machine at kFolder; its standard output.
  // RENDER_FAILED with its message; RENDER_LIMIT, RENDER_TIMEOUT, TOOL_MISSING; UNAVAILABLE where
  // the sandbox did not come up.
  absl::StatusOr<std::string> Run(const std::vector<std::string>& arguments,
                                  const std::string& folder, const std::stop_token& stop);

 private:
  std::vector<std::string> Argv(const std::vector<std::string>& arguments,
                                const std::string& folder) const;

  const Options options_;
  Mutex mu_;
  std::condition_variable free_;
  int running_ SLIPWAY_GUARDED_BY(mu_) = 0;
};

}  // namespace slipway::gitops
