#pragma once

#include <optional>
#include <string>

#include "libs/journal/record.h"
#include "services/build/domain/records.h"
#include "slipway/plan/v1/plan.pb.h"

namespace slipway::build {

// Records as the messages of the contract. Pure functions.

// Without jobs.
v1::Run RunMessage(const RunRecord& run);
v1::Job JobMessage(const RunName& run, const JobRecord& job);
v1::Image ImageMessage(const ImageRecord& image);
v1::Runner RunnerMessage(const RunnerRecord& runner, bool online);

v1::ImageCreated ImageCreatedEvent(const ImageRecord& image, const plan::v1::Plan& plan);
journal::Record ImageRecordedFact(const ImageRecord& image);

}  // namespace slipway::build
