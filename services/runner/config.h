#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace slipway::runner {

// Settings of the runner: flags, SLIPWAY_RUNNER_* and a file, see README.md.
struct Config {
  std::string build_address;
  std::string auth_address;
  std::string token_file;
  std::string data_dir;
  std::string admin_listen;
  std::string log_level = "info";
  int slots = 2;
  uint64_t job_memory = 0;
  int job_pids = 4096;
  double job_cpus = 0;
  uint64_t max_log = 100ULL << 20;
  uint64_t image_limit = 20ULL << 30;
  int image_count = 500;
  absl::Duration image_age = absl::Hours(7 * 24);
  uint64_t mirror_limit = 20ULL << 30;
  absl::Duration mirror_age = absl::Hours(30 * 24);
  bool allow_unsandboxed = false;
  std::vector<std::string> hide;
  std::vector<std::string> allowed_hosts;
};

// Parses or exits, as libs/config says.
Config ParseConfig(int argc, char** argv);

}  // namespace slipway::runner
