#include "tools/slipway/output/format.h"

#include <cstdio>

#include "libs/base/strings.h"

namespace slipway::cli {
namespace {

constexpr std::string_view kPassed = "passed";

std::string After(std::string_view text, std::string_view prefix) {
  return std::string(text.substr(prefix.size()));
}

}  // namespace

std::string StateWord(std::string_view state) {
  if (state == "SUCCEEDED") return std::string(kPassed);
  std::string word = ToLower(state);
  for (char& c : word) {
    if (c == '_') c = ' ';
  }
  return word.ends_with(" unspecified") ? "" : word;
}

std::string WithStateWords(std::string_view text) {
  std::vector<std::string> words = Split(text, ' ');
  for (std::string& word : words) {
    for (const std::string_view state :
         {"PENDING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "SKIPPED"}) {
      // The word may end a sentence or a part of it.
      if (word.starts_with(state) &&
          word.find_first_not_of(",.;:", state.size()) == std::string::npos)
        word = StateWord(state) + word.substr(state.size());
    }
  }
  return Join(words, " ");
}

std::string StateOfWord(std::string_view word) {
  if (ToLower(word) == kPassed) return "SUCCEEDED";
  std::string state;
  for (const char c : word)
    state += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c == '-' ? '_' : c;
  return state;
}

absl::Time ParseTimestamp(std::string_view text) {
  absl::Time time;
  if (text.empty() || !absl::ParseTime(absl::RFC3339_full, ToAbsl(text), &time, nullptr))
    return absl::InfinitePast();
  return time;
}

std::string Age(std::string_view timestamp, absl::Time now) {
  const absl::Time time = ParseTimestamp(timestamp);
  if (time == absl::InfinitePast()) return "";
  const int64_t seconds = std::max<int64_t>(0, absl::ToInt64Seconds(now - time));
  if (seconds < 120) return std::to_string(seconds) + "s";
  if (seconds < 120 * 60) return std::to_string(seconds / 60) + "m";
  if (seconds < 48 * 3600) return std::to_string(seconds / 3600) + "h";
  return std::to_string(seconds / 86400) + "d";
}

std::string Took(std::string_view begin, std::string_view end) {
  const absl::Time from = ParseTimestamp(begin);
  const absl::Time to = ParseTimestamp(end);
  if (from == absl::InfinitePast() || to == absl::InfinitePast()) return "";
  const absl::Duration took = std::max(to - from, absl::ZeroDuration());
  if (took >= absl::Minutes(1)) return Offset(took);
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f s", absl::ToDoubleSeconds(took));
  return text;
}

std::string Offset(absl::Duration duration) {
  char text[48];
  if (duration < absl::Seconds(10)) {
    std::snprintf(text, sizeof(text), "%lld ms",
                  static_cast<long long>(absl::ToInt64Milliseconds(duration)));
  } else if (duration < absl::Minutes(1)) {
    std::snprintf(text, sizeof(text), "%.1f s", absl::ToDoubleSeconds(duration));
  } else if (duration < absl::Hours(1)) {
    const long long seconds = absl::ToInt64Seconds(duration);
    std::snprintf(text, sizeof(text), "%lld min %lld s", seconds / 60, seconds % 60);
  } else {
    const long long minutes = absl::ToInt64Minutes(duration);
    std::snprintf(text, sizeof(text), "%lld h %lld min", minutes / 60, minutes % 60);
  }
  return text;
}

std::string ShortCommit(std::string_view commit) { return std::string(commit.substr(0, 7)); }

std::string ShortImage(std::string_view reference) {
  const size_t at = reference.find('@');
  std::string_view repository = reference.substr(0, at);
  const size_t slash = repository.find('/');
  // The first part is a registry if it has a port or a dot.
  if (slash != std::string_view::npos &&
      repository.substr(0, slash).find_first_of(".:") != std::string_view::npos) {
    repository.remove_prefix(slash + 1);
  }
  if (at == std::string_view::npos) return std::string(repository);
  std::string_view digest = reference.substr(at + 1);
  if (digest.starts_with("sha256:")) digest.remove_prefix(7);
  return std::string(repository) + "@" + std::string(digest.substr(0, 12));
}

std::string ShortRef(std::string_view ref) {
  if (ref.starts_with("refs/heads/")) return After(ref, "refs/heads/");
  if (ref.starts_with("refs/tags/")) return "tag " + After(ref, "refs/tags/");
  return std::string(ref);
}

std::string DurationSeconds(std::string_view text) {
  absl::Duration total;
  // absl has no days.
  if (const size_t days = text.find('d'); days != std::string_view::npos) {
    int64_t count = 0;
    for (const char c : text.substr(0, days)) {
      if (c < '0' || c > '9' || count > 100'000) return "";
      count = count * 10 + (c - '0');
    }
    if (days == 0) return "";
    total = absl::Hours(24 * count);
    text.remove_prefix(days + 1);
  }
  absl::Duration rest;
  if (!text.empty() && !absl::ParseDuration(ToAbsl(text), &rest)) return "";
  total += rest;
  if (total <= absl::ZeroDuration() || total == absl::InfiniteDuration()) return "";
  return std::to_string(absl::ToInt64Seconds(total)) + "s";
}

}  // namespace slipway::cli
