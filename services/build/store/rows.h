#pragma once

#include "libs/db/result.h"
#include "services/build/domain/records.h"

namespace slipway::build {

// Rows as records: one function per table.
RunRecord RunFromRow(const db::Row& row);
JobRecord JobFromRow(const db::Row& row);
RunnerRecord RunnerFromRow(const db::Row& row);

// Steps of a job as they are stored: a serialised v1.Job that has steps alone.
std::string SerialiseSteps(const std::vector<v1::Step>& steps);

}  // namespace slipway::build
