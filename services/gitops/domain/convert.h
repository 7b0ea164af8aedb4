#pragma once

#include "services/gitops/domain/deployment.h"
#include "slipway/build/v1/build.pb.h"
#include "slipway/gitops/v1/gitops.pb.h"

// Rows to messages and back. Pure.
namespace slipway::gitops {

// `environment` may be null: then nothing is said about what runs now.
slipway::gitops::v1::Deployment ToProto(const Deployment& deployment,
                                        const EnvironmentState* environment);

// The image of build's event image.created. INVALID_ARGUMENT if it names no app.
absl::StatusOr<ImageRecord> FromEvent(const slipway::build::v1::ImageCreated& event);

// How the sync of an app in an environment stands.
slipway::gitops::v1::SyncStatus ToSyncStatus(const EnvironmentState& environment);

}  // namespace slipway::gitops
