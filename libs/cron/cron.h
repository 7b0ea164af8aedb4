#pragma once

#include <bitset>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace slipway {

// A schedule of five fields, as cron and Kubernetes write it: minute, hour, day of month, month,
// day of week. A field is "*" or "?", a number, a name (JAN, MON), a range "1-5", a list "1,15",
// with a step "*/10", "3-59/5" or "3/5" (from 3 on); Sunday is 0 or 7. When both days are
// restricted, either is enough. A value; thread-safe.
//
// Around changes of the clock: a time that is skipped happens at the moment of the change, so that
// nothing scheduled is left out; a time that comes twice happens at its first, unless the hour is
// "*", then at both.
class Cron {
 public:
  // INVALID_ARGUMENT, reason CRON_INVALID, with the field and what is wrong.
  static absl::StatusOr<Cron> Parse(std::string_view text);

  // The first time after `after`, and the last one not after `now`, at the start of a minute in
  // `zone`. Empty: there is none within ten years, as of 30 February.
  std::optional<absl::Time> Next(absl::Time after, absl::TimeZone zone) const;
  std::optional<absl::Time> Latest(absl::Time now, absl::TimeZone zone) const;

 private:
  bool MatchesDay(absl::CivilDay day) const;
  std::optional<absl::CivilMinute> NextCivil(absl::CivilMinute from) const;
  std::optional<absl::CivilMinute> PreviousCivil(absl::CivilMinute from) const;

  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_;     // 1 to 31
  std::bitset<13> months_;   // 1 to 12
  std::bitset<7> weekdays_;  // Sunday is 0
  bool any_hour_ = false;    // the field is "*"
  bool any_day_ = false;
  bool any_weekday_ = false;
};

// A zone by its IANA name; "" is UTC. INVALID_ARGUMENT, reason TIME_ZONE_UNKNOWN.
absl::StatusOr<absl::TimeZone> FindTimeZone(std::string_view name);

}  // namespace slipway
