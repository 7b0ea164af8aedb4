#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace slipway::gitops::sync {

// A time in which apps may, or may not, be synced; Argo CD's terms. A value.
struct SyncWindow {
  enum class Kind { kAllow, kDeny };

  std::string name = {};  // for reasons; may be empty
  Kind kind = Kind::kAllow;
  std::string schedule = {};  // cron of five fields: when it begins
  absl::Duration duration = {};
  std::string time_zone = {};  // IANA; "": UTC
  bool manual_sync = false;    // syncs by hand are let through
  bool sync_overrun = false;   // what began before it may end in it (or after it, if it allows)
  // Globs (*, ?, [a-z]); an app is meant when one of the lists matches, or with `match_all` when
  // all that are not empty do. All empty: no app is.
  std::vector<std::string> apps = {};
  std::vector<std::string> environments = {};
  std::vector<std::string> namespaces = {};
  std::vector<std::string> clusters = {};
  bool match_all = false;
};

// OK, or what is wrong with schedule, zone or duration (INVALID_ARGUMENT).
absl::Status ValidateWindow(const SyncWindow& window);

// An app in an environment, and where that is. A value.
struct WindowSubject {
  std::string app = {};
  std::string environment = {};
  std::string ns = {};
  std::string cluster = {};
};

// The windows that an app is meant by.
std::vector<SyncWindow> WindowsOf(const std::vector<SyncWindow>& windows,
                                  const WindowSubject& subject);

// Whether a sync may begin now. A value.
struct WindowVerdict {
  bool allowed = true;
  std::string reason = {};  // "denied by window freeze until 2026-03-01T12:00:00.000Z"
  absl::Time until = absl::InfiniteFuture();  // when the answer may be another one
};

// `windows` are those that the app is meant by. Without any, syncs are allowed. An active deny
// window forbids (by hand only if one of them doesn't let that through); else an active allow
// window allows; else, if there are allow windows, it is forbidden (by hand unless all of them let
// that through). A window that can't be read forbids. A window is active from each start of its
// schedule for its duration of real time, whatever the clock is set to meanwhile.
WindowVerdict EvaluateWindows(const std::vector<SyncWindow>& windows, absl::Time now, bool manual);

// Whether a sync that was allowed to begin at `started` may go on now: a window with sync_overrun
// lets it.
bool MayContinue(const std::vector<SyncWindow>& windows, absl::Time started, absl::Time now,
                 bool manual);

}  // namespace slipway::gitops::sync
