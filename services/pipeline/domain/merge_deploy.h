#pragma once

#include "slipway/pipeline/v1/resources.pb.h"

namespace slipway::pipeline {

// Lays `over` on `base`: what `over` leaves out stays, maps merge by key. Used as app, then
// environment, then deployment pipeline.
void MergeDeploy(const v1::DeploySpec& over, v1::DeploySpec* base);

}  // namespace slipway::pipeline
