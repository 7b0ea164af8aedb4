#pragma once

#include "libs/kube/object.h"

namespace slipway::kube {

inline constexpr char kMasked[] = "***";
inline constexpr char kMaskedBefore[] = "*** (before)";
inline constexpr char kMaskedAfter[] = "*** (after)";

// Whether the object holds secret values: a Secret of the core group.
bool IsSecret(const Object& object);

// The object as it may be shown: of a Secret every value of data and stringData is "***", and so is
// kubectl's annotation with the last applied configuration, which repeats them. Other objects are
// themselves.
Object Masked(Object object);

// Two states of one object as they may be shown beside each other: values that are equal are "***"
// on both sides, others say which side they are of, so that a change shows and nothing else.
void MaskPair(Object& before, Object& after);

}  // namespace slipway::kube
