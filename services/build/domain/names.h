#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace slipway::build {

// Names of the resources that this service knows, as values. Parse gives nothing for a text of
// another form; ids are not checked further, since an id that does not exist is simply not found.

// projects/P/apps/A
struct AppName {
  std::string project = {};
  std::string app = {};
  static std::optional<AppName> Parse(std::string_view text);
  std::string ToString() const;
};

// projects/P/apps/A/workflows/W
struct WorkflowName {
  std::string project = {};
  std::string app = {};
  std::string workflow = {};
  static std::optional<WorkflowName> Parse(std::string_view text);
  std::string ToString() const;
  auto operator<=>(const WorkflowName&) const = default;
};

// projects/P/apps/A/workflows/W/runs/N; number 0 stands for "latest".
struct RunName {
  WorkflowName workflow = {};
  int64_t number = 0;
  static std::optional<RunName> Parse(std::string_view text);
  std::string ToString() const;
};

// projects/P/apps/A/workflows/W/runs/N/jobs/J
struct JobName {
  RunName run = {};
  std::string job = {};
  static std::optional<JobName> Parse(std::string_view text);
  std::string ToString() const;
};

// projects/P/apps/A/images/ID; ID is an id or a digest.
struct ImageName {
  AppName app = {};
  std::string id = {};
  static std::optional<ImageName> Parse(std::string_view text);
  std::string ToString() const;
};

// runners/R -> R
std::optional<std::string> ParseRunnerName(std::string_view text);
std::string RunnerName(std::string_view id);

}  // namespace slipway::build
