#pragma once

#include "libs/kube/object.h"

namespace slipway::kube {

inline constexpr char kMasked[] = "***";
inline constexpr char kMaskedBefore[] = "*** (before)";
inline constexpr char kMaskedAfter[] = "*** (after)";

// Whether the object holds secret values: a Secret of the core group.
bool IsSecret(const Object& object);

// Two states of one object as they may be shown beside each other: of a Secret the values of data
// and stringData that are equal are "***" on both sides, others say which side they are of, so that
// a change shows and nothing else; kubectl's annotation with the last applied configuration, which
// repeats them, is "***". Other objects stay as they are.
void MaskPair(Object& before, Object& after);

}  // namespace slipway::kube
