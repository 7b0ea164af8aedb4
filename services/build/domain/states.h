#pragma once

#include <span>
#include <string>
#include <string_view>

#include "slipway/build/v1/build.pb.h"

namespace slipway::build {

// The one state machine of runs, jobs and steps, as a table of transitions. Final states have no
// way out.

enum class Thing { kRun, kJob, kStep };

struct Transition {
  Thing thing;
  v1::State from;
  v1::State to;
  const char* when;
};

// The whole table.
std::span<const Transition> Transitions();

bool MayChange(Thing thing, v1::State from, v1::State to);

// SUCCEEDED, FAILED, CANCELLED and SKIPPED.
bool IsFinal(v1::State state);

// "PENDING": the form in the database and in messages.
std::string StateText(v1::State state);
// STATE_UNSPECIFIED for another text.
v1::State StateFromText(std::string_view text);

}  // namespace slipway::build
