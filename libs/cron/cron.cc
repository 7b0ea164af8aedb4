#include "libs/cron/cron.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <vector>

#include "libs/base/status.h"
#include "libs/cron/errors.h"

namespace slipway {
namespace {

constexpr int kMaxYears = 10;
// In minutes. Clocks are set by one hour, rarely by two.
constexpr int kLargestChange = 180;

constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                      "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kWeekdays = {"sun", "mon", "tue", "wed",
                                                       "thu", "fri", "sat"};

// What a field may hold.
struct FieldKind {
  std::string_view name;
  int min = 0;
  int max = 0;
  const std::string_view* words = nullptr;
  int word_count = 0;
};

const FieldKind kFields[] = {{"minute", 0, 59},
                             {"hour", 0, 23},
                             {"day of month", 1, 31},
                             {"month", 1, 12, kMonths.data(), 12},
                             {"day of week", 0, 7, kWeekdays.data(), 7}};

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text) {
    if (c != ' ' && c != '\t') {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

std::optional<int> Number(std::string_view text, const FieldKind& kind) {
  const std::string lower = ToLower(text);
  for (int i = 0; i < kind.word_count; ++i) {
    if (lower == kind.words[i]) return i + kind.min;
  }
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (value < kind.min || value > kind.max) return std::nullopt;
  return value;
}

// The problem, or the values of one part of a list, "1-5/2", added to `values`.
std::string AddPart(std::string_view part, const FieldKind& kind, std::bitset<64>& values) {
  const std::string shown = "\"" + std::string(part) + "\" is no " + std::string(kind.name);
  int step = 1;
  bool stepped = false;
  if (const size_t slash = part.find('/'); slash != std::string_view::npos) {
    const std::string_view text = part.substr(slash + 1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), step);
    if (text.empty() || error != std::errc() || end != text.data() + text.size() || step < 1) {
      return shown;
    }
    stepped = true;
    part = part.substr(0, slash);
  }
  int first = kind.min, last = kind.max;
  if (part == "*" || part == "?") {
    if (kind.max == 7) last = 6;
  } else if (const size_t dash = part.find('-'); dash != std::string_view::npos) {
    const auto from = Number(part.substr(0, dash), kind), to = Number(part.substr(dash + 1), kind);
    if (!from || !to || *from > *to) return shown;
    first = *from;
    last = *to;
  } else {
    const auto value = Number(part, kind);
    if (!value) return shown;
    first = *value;
    if (!stepped) last = first;
  }
  for (int value = first; value <= last; value += step) values.set(static_cast<size_t>(value));
  return "";
}

template <size_t N>
std::bitset<N> Narrow(const std::bitset<64>& values) {
  std::bitset<N> result;
  for (size_t i = 0; i < N; ++i) result[i] = values[i];
  return result;
}

// The moments that a civil minute is: one, or two when the clock is set back and both are wanted.
void AddMoments(absl::CivilMinute minute, absl::TimeZone zone, bool both,
                std::vector<absl::Time>& moments) {
  const absl::TimeZone::TimeInfo info = zone.At(absl::CivilSecond(minute));
  if (info.kind == absl::TimeZone::TimeInfo::SKIPPED) {
    moments.push_back(info.trans);
    return;
  }
  moments.push_back(info.pre);
  if (info.kind == absl::TimeZone::TimeInfo::REPEATED && both) moments.push_back(info.post);
}

}  // namespace

absl::StatusOr<Cron> Cron::Parse(std::string_view text) {
  const std::vector<std::string> fields = Words(text);
  if (fields.size() != 5) {
    return InvalidCron(text,
                       "it has " + std::to_string(fields.size()) +
                           " fields, not five: minute, hour, day of month, month, day of week");
  }
  std::array<std::bitset<64>, 5> values;
  for (size_t i = 0; i < fields.size(); ++i) {
    for (const std::string& part : Split(fields[i], ',')) {
      const std::string problem = AddPart(part, kFields[i], values[i]);
      if (!problem.empty()) return InvalidCron(text, problem);
    }
  }
  if (values[4][7]) values[4].set(0);
  const auto any = [&](size_t i) { return fields[i][0] == '*' || fields[i][0] == '?'; };
  Cron cron;
  cron.minutes_ = Narrow<60>(values[0]);
  cron.hours_ = Narrow<24>(values[1]);
  cron.days_ = Narrow<32>(values[2]);
  cron.months_ = Narrow<13>(values[3]);
  cron.weekdays_ = Narrow<7>(values[4]);
  cron.any_hour_ = fields[1] == "*" || fields[1] == "?";
  cron.any_day_ = any(2);
  cron.any_weekday_ = any(4);
  return cron;
}

bool Cron::MatchesDay(absl::CivilDay day) const {
  if (!months_[static_cast<size_t>(day.month())]) return false;
  const bool of_month = days_[static_cast<size_t>(day.day())];
  // absl counts from Monday.
  const bool of_week =
      weekdays_[(static_cast<size_t>(absl::GetWeekday(day)) + 1) % weekdays_.size()];
  if (any_day_ || any_weekday_) return of_month && of_week;
  return of_month || of_week;
}

std::optional<absl::CivilMinute> Cron::NextCivil(absl::CivilMinute from) const {
  const absl::CivilDay end(from.year() + kMaxYears);
  for (absl::CivilDay day(from); day < end; ++day) {
    if (!MatchesDay(day)) continue;
    const bool first = day == absl::CivilDay(from);
    for (int hour = first ? from.hour() : 0; hour < 24; ++hour) {
      if (!hours_[static_cast<size_t>(hour)]) continue;
      const bool same_hour = first && hour == from.hour();
      for (int minute = same_hour ? from.minute() : 0; minute < 60; ++minute) {
        if (minutes_[static_cast<size_t>(minute)]) {
          return absl::CivilMinute(day.year(), day.month(), day.day(), hour, minute);
        }
      }
    }
  }
  return std::nullopt;
}

std::optional<absl::CivilMinute> Cron::PreviousCivil(absl::CivilMinute from) const {
  const absl::CivilDay end(from.year() - kMaxYears);
  for (absl::CivilDay day(from); day > end; --day) {
    if (!MatchesDay(day)) continue;
    const bool first = day == absl::CivilDay(from);
    for (int hour = first ? from.hour() : 23; hour >= 0; --hour) {
      if (!hours_[static_cast<size_t>(hour)]) continue;
      const bool same_hour = first && hour == from.hour();
      for (int minute = same_hour ? from.minute() : 59; minute >= 0; --minute) {
        if (minutes_[static_cast<size_t>(minute)]) {
          return absl::CivilMinute(day.year(), day.month(), day.day(), hour, minute);
        }
      }
    }
  }
  return std::nullopt;
}

// Civil time runs backwards where the clock is set back, so the searches start before, and go on
// behind, the moment that they find.
std::optional<absl::Time> Cron::Next(absl::Time after, absl::TimeZone zone) const {
  const absl::CivilMinute around = absl::ToCivilMinute(after, zone);
  std::optional<absl::Time> best;
  std::vector<absl::Time> moments;
  for (auto civil = NextCivil(around - kLargestChange); civil; civil = NextCivil(*civil + 1)) {
    if (best && *civil > absl::ToCivilMinute(*best, zone) + kLargestChange) break;
    moments.clear();
    AddMoments(*civil, zone, any_hour_, moments);
    for (const absl::Time moment : moments) {
      if (moment > after && (!best || moment < *best)) best = moment;
    }
  }
  return best;
}

std::optional<absl::Time> Cron::Latest(absl::Time now, absl::TimeZone zone) const {
  const absl::CivilMinute around = absl::ToCivilMinute(now, zone);
  std::optional<absl::Time> best;
  std::vector<absl::Time> moments;
  for (auto civil = PreviousCivil(around + kLargestChange); civil;
       civil = PreviousCivil(*civil - 1)) {
    if (best && *civil < absl::ToCivilMinute(*best, zone) - kLargestChange) break;
    moments.clear();
    AddMoments(*civil, zone, any_hour_, moments);
    for (const absl::Time moment : moments) {
      if (moment <= now && (!best || moment > *best)) best = moment;
    }
  }
  return best;
}

absl::StatusOr<absl::TimeZone> FindTimeZone(std::string_view name) {
  absl::TimeZone zone = absl::UTCTimeZone();
  if (name.empty()) return zone;
  if (!absl::LoadTimeZone(ToAbsl(name), &zone)) return UnknownTimeZone(name);
  return zone;
}

}  // namespace slipway
