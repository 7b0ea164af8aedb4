#include "services/build/domain/states.h"

namespace slipway::build {
namespace {

using enum v1::State;

constexpr Transition kTransitions[] = {
    {Thing::kRun, PENDING, RUNNING, "a runner takes its first job"},
    {Thing::kRun, PENDING, FAILED, "its first job can't start"},
    {Thing::kRun, PENDING, CANCELLED, "a person cancels it, or its app is deleted"},
    {Thing::kRun, RUNNING, SUCCEEDED, "all its jobs succeeded"},
    {Thing::kRun, RUNNING, FAILED, "a job failed, and no other job can go on"},
    {Thing::kRun, RUNNING, CANCELLED, "a person cancels it, or its app is deleted"},

    {Thing::kJob, PENDING, RUNNING, "a runner takes it"},
    {Thing::kJob, PENDING, FAILED, "what its lease needs does not exist"},
    {Thing::kJob, PENDING, SKIPPED, "a job that it needs did not succeed"},
    {Thing::kJob, PENDING, CANCELLED, "its run is cancelled"},
    {Thing::kJob, RUNNING, PENDING, "its runner is lost; the next attempt waits"},
    {Thing::kJob, RUNNING, SUCCEEDED, "its runner reports so"},
    {Thing::kJob, RUNNING, FAILED, "its runner reports so, it ran out of time, or of attempts"},
    {Thing::kJob, RUNNING, CANCELLED, "its run is cancelled"},

    {Thing::kStep, PENDING, RUNNING, "the runner reports so"},
    {Thing::kStep, PENDING, SKIPPED, "a step before it did not succeed"},
    {Thing::kStep, PENDING, CANCELLED, "its job is cancelled"},
    {Thing::kStep, RUNNING, PENDING, "its runner is lost; the next attempt waits"},
    {Thing::kStep, RUNNING, SUCCEEDED, "the runner reports so"},
    {Thing::kStep, RUNNING, FAILED, "the runner reports so, or its job failed meanwhile"},
    {Thing::kStep, RUNNING, CANCELLED, "its job is cancelled"},
};

}  // namespace

std::span<const Transition> Transitions() { return kTransitions; }

bool MayChange(Thing thing, v1::State from, v1::State to) {
  for (const Transition& row : kTransitions) {
    if (row.thing == thing && row.from == from && row.to == to) return true;
  }
  return false;
}

bool IsFinal(v1::State state) {
  return state == SUCCEEDED || state == FAILED || state == CANCELLED || state == SKIPPED;
}

std::string StateText(v1::State state) { return v1::State_Name(state); }

v1::State StateFromText(std::string_view text) {
  v1::State state = STATE_UNSPECIFIED;
  v1::State_Parse(std::string(text), &state);
  return state;
}

}  // namespace slipway::build
