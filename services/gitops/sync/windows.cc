#include "services/gitops/sync/windows.h"

#include <algorithm>
#include <optional>

#include "libs/base/clock.h"
#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/cron/cron.h"
#include "libs/cron/window.h"
#include "services/gitops/sync/glob.h"

namespace slipway::gitops::sync {
namespace {

// How a window stands at a moment.
struct Standing {
  bool active = false;
  absl::Time changes = absl::InfiniteFuture();  // end if active, else the next start
};

absl::StatusOr<Standing> StandingOf(const SyncWindow& window, absl::Time now) {
  SLIPWAY_RETURN_IF_ERROR(ValidateWindow(window));
  SLIPWAY_ASSIGN_OR_RETURN(const Cron cron, Cron::Parse(window.schedule));
  SLIPWAY_ASSIGN_OR_RETURN(const absl::TimeZone zone, FindTimeZone(window.time_zone));
  const auto start = cron.Latest(now, zone);
  if (start && *start + window.duration > now) return Standing{true, *start + window.duration};
  return Standing{false, cron.Next(now, zone).value_or(absl::InfiniteFuture())};
}

std::string Called(const SyncWindow& window) {
  return "window " + (window.name.empty() ? "\"" + window.schedule + "\"" : window.name);
}

std::string Until(absl::Time time) {
  return time == absl::InfiniteFuture() ? "" : " until " + slipway::FormatTime(time);
}

// The windows by what they do at one moment.
struct Picture {
  std::vector<const SyncWindow*> denying, allowing, not_allowing;
  absl::Time deny_ends = absl::InfinitePast();       // the last of them
  absl::Time allow_begins = absl::InfiniteFuture();  // the first of them
  absl::Time changes = absl::InfiniteFuture();
};

absl::StatusOr<Picture> Look(const std::vector<SyncWindow>& windows, absl::Time now) {
  Picture picture;
  for (const SyncWindow& window : windows) {
    const auto standing = StandingOf(window, now);
    if (!standing.ok()) {
      return absl::InvalidArgumentError(Called(window) +
                                        " can't be read: " + MessageOf(standing.status()));
    }
    picture.changes = std::min(picture.changes, standing->changes);
    if (window.kind == SyncWindow::Kind::kDeny) {
      if (!standing->active) continue;
      picture.denying.push_back(&window);
      picture.deny_ends = std::max(picture.deny_ends, standing->changes);
    } else if (standing->active) {
      picture.allowing.push_back(&window);
    } else {
      picture.not_allowing.push_back(&window);
      picture.allow_begins = std::min(picture.allow_begins, standing->changes);
    }
  }
  return picture;
}

bool AllManual(const std::vector<const SyncWindow*>& windows) {
  return std::all_of(windows.begin(), windows.end(),
                     [](const SyncWindow* window) { return window->manual_sync; });
}

}  // namespace

absl::Status ValidateWindow(const SyncWindow& window) {
  return CheckWindow(window.schedule, window.time_zone, window.duration);
}

std::vector<SyncWindow> WindowsOf(const std::vector<SyncWindow>& windows,
                                  const WindowSubject& subject) {
  std::vector<SyncWindow> found;
  for (const SyncWindow& window : windows) {
    const std::pair<const std::vector<std::string>*, std::string_view> lists[] = {
        {&window.apps, subject.app},
        {&window.environments, subject.environment},
        {&window.namespaces, subject.ns},
        {&window.clusters, subject.cluster}};
    bool any = false, all = true;
    for (const auto& [globs, text] : lists) {
      if (globs->empty()) continue;
      const bool matches = MatchesAnyGlob(*globs, text);
      any = any || matches;
      all = all && matches;
    }
    if (any && (all || !window.match_all)) found.push_back(window);
  }
  return found;
}

WindowVerdict EvaluateWindows(const std::vector<SyncWindow>& windows, absl::Time now, bool manual) {
  if (windows.empty()) return {};
  const auto picture = Look(windows, now);
  if (!picture.ok()) {
    return {false, MessageOf(picture.status()), absl::InfiniteFuture()};
  }
  if (!picture->denying.empty()) {
    if (manual && AllManual(picture->denying)) return {true, "", picture->changes};
    return {false, "denied by " + Called(*picture->denying.front()) + Until(picture->deny_ends),
            picture->deny_ends};
  }
  if (!picture->allowing.empty() || picture->not_allowing.empty()) {
    return {true, "", picture->changes};
  }
  if (manual && AllManual(picture->not_allowing)) return {true, "", picture->changes};
  return {false, "outside of all allow windows" + Until(picture->allow_begins),
          picture->allow_begins};
}

bool MayContinue(const std::vector<SyncWindow>& windows, absl::Time started, absl::Time now,
                 bool manual) {
  if (EvaluateWindows(windows, now, manual).allowed) return true;
  const auto then = Look(windows, started), current = Look(windows, now);
  if (!then.ok() || !current.ok()) return false;
  const auto overruns = [](const SyncWindow* window) { return window->sync_overrun; };
  if (!current->denying.empty()) {
    return std::all_of(current->denying.begin(), current->denying.end(), overruns);
  }
  return std::any_of(then->allowing.begin(), then->allowing.end(), overruns);
}

}  // namespace slipway::gitops::sync
