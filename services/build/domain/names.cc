#include "services/build/domain/names.h"

#include <charconv>
#include <initializer_list>
#include <vector>

#include "libs/base/strings.h"

namespace slipway::build {
namespace {

// The values between `collections`; nothing if the text has another form.
std::optional<std::vector<std::string>> Values(
    std::string_view text, std::initializer_list<std::string_view> collections) {
  const std::vector<std::string> parts = Split(text, '/');
  if (parts.size() != 2 * collections.size()) return std::nullopt;
  std::vector<std::string> values;
  size_t i = 0;
  for (const std::string_view collection : collections) {
    if (parts[i] != collection || parts[i + 1].empty()) return std::nullopt;
    values.push_back(parts[i + 1]);
    i += 2;
  }
  return values;
}

std::optional<int64_t> RunNumber(const std::string& text) {
  if (text == "latest") return 0;
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number <= 0) return std::nullopt;
  return number;
}

}  // namespace

std::optional<AppName> AppName::Parse(std::string_view text) {
  const auto v = Values(text, {"projects", "apps"});
  if (!v) return std::nullopt;
  return AppName{(*v)[0], (*v)[1]};
}

std::string AppName::ToString() const { return "projects/" + project + "/apps/" + app; }

std::optional<WorkflowName> WorkflowName::Parse(std::string_view text) {
  const auto v = Values(text, {"projects", "apps", "workflows"});
  if (!v) return std::nullopt;
  return WorkflowName{(*v)[0], (*v)[1], (*v)[2]};
}

std::string WorkflowName::ToString() const {
  return "projects/" + project + "/apps/" + app + "/workflows/" + workflow;
}

std::optional<RunName> RunName::Parse(std::string_view text) {
  const auto v = Values(text, {"projects", "apps", "workflows", "runs"});
  if (!v) return std::nullopt;
  const auto number = RunNumber((*v)[3]);
  if (!number) return std::nullopt;
  return RunName{{(*v)[0], (*v)[1], (*v)[2]}, *number};
}

std::string RunName::ToString() const {
  return workflow.ToString() + "/runs/" + (number == 0 ? "latest" : std::to_string(number));
}

std::optional<JobName> JobName::Parse(std::string_view text) {
  const auto v = Values(text, {"projects", "apps", "workflows", "runs", "jobs"});
  if (!v) return std::nullopt;
  const auto number = RunNumber((*v)[3]);
  if (!number) return std::nullopt;
  return JobName{{{(*v)[0], (*v)[1], (*v)[2]}, *number}, (*v)[4]};
}

std::string JobName::ToString() const { return run.ToString() + "/jobs/" + job; }

std::optional<ImageName> ImageName::Parse(std::string_view text) {
  const auto v = Values(text, {"projects", "apps", "images"});
  if (!v) return std::nullopt;
  return ImageName{{(*v)[0], (*v)[1]}, (*v)[2]};
}

std::string ImageName::ToString() const { return app.ToString() + "/images/" + id; }

std::optional<std::string> ParseRunnerName(std::string_view text) {
  const auto v = Values(text, {"runners"});
  if (!v) return std::nullopt;
  return (*v)[0];
}

std::string RunnerName(std::string_view id) { return "runners/" + std::string(id); }

}  // namespace slipway::build
