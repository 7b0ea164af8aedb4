#pragma once

#include <string>
#include <string_view>

#include "services/gateway/transcode/contract.h"

namespace slipway::gateway {

// The OpenAPI 3.0 document (https://spec.openapis.org/oas/v3.0.3) of all RPCs with an HTTP binding:
// paths, parameters, schemas and descriptions, which are the protos' comments when the contract was
// loaded with them.
std::string OpenApiJson(const Contract& contract, std::string_view version);

}  // namespace slipway::gateway
