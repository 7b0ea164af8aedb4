#pragma once

#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace slipway::cli {

// A state for people: "SUCCEEDED" is "passed", "IN_PROGRESS" is "in progress".
std::string StateWord(std::string_view state);
// States within a sentence: "step image SUCCEEDED" is "step image passed".
std::string WithStateWords(std::string_view text);
// The state for a word that a person typed: "passed" is "SUCCEEDED".
std::string StateOfWord(std::string_view word);

// "2026-03-01T12:00:00.123456Z"; InfinitePast if it is none.
absl::Time ParseTimestamp(std::string_view text);
// How long ago: "5s", "3m", "2h", "4d"; "" without a time.
std::string Age(std::string_view timestamp, absl::Time now);
// "1.8 s" or "3 min 4 s" between two timestamps; "" unless both are there.
std::string Took(std::string_view begin, std::string_view end);
// "0 ms", "950 ms", "12.3 s", "3 min 4 s".
std::string Offset(absl::Duration duration);

// "3f2a91c".
std::string ShortCommit(std::string_view commit);
// "127.0.0.1:8482/demo/hello@sha256:77c1..." as "demo/hello@77c1d2e3f4a5".
std::string ShortImage(std::string_view reference);
// "refs/heads/main" as "main", "refs/tags/v1" as "tag v1".
std::string ShortRef(std::string_view ref);

// "90d", "12h", "1h30m" in seconds as JSON has it: "7776000s"; "" if it is no duration.
std::string DurationSeconds(std::string_view text);

}  // namespace slipway::cli
