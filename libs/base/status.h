#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// The two status macros of the house. `expr` is evaluated once.

#define SLIPWAY_RETURN_IF_ERROR(expr)                                                 \
  do {                                                                                \
    if (auto slipway_status_ = (expr); !slipway_status_.ok()) return slipway_status_; \
  } while (false)

#define SLIPWAY_STATUS_CONCAT_INNER_(a, b) a##b
#define SLIPWAY_STATUS_CONCAT_(a, b) SLIPWAY_STATUS_CONCAT_INNER_(a, b)

// SLIPWAY_ASSIGN_OR_RETURN(auto x, F()): x gets the value of a StatusOr, or the function returns
// its status.
#define SLIPWAY_ASSIGN_OR_RETURN(lhs, expr) \
  SLIPWAY_ASSIGN_OR_RETURN_IMPL_(SLIPWAY_STATUS_CONCAT_(slipway_or_, __LINE__), lhs, expr)
#define SLIPWAY_ASSIGN_OR_RETURN_IMPL_(tmp, lhs, expr) \
  auto tmp = (expr);                                   \
  if (!tmp.ok()) return std::move(tmp).status();       \
  lhs = std::move(tmp).value()
