#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <string_view>

#include "libs/kube/object.h"

namespace slipway::kube {

// What is kept of a live object to see later whether somebody changed what we own: 40 bytes. All of
// it is taken from one state of the object, the first time from the answer to our own apply, since
// admission may have rewritten what was sent. A value; stable across machines and versions.
struct Observation {
  uint64_t uid = 0;        // digest of the uid
  uint64_t fields = 0;     // digest of our entry's fieldsV1 and apiVersion; 0: we have no entry
  uint64_t values = 0;     // digest of the values at these paths, with the order in which our items
                           // stand in keyed lists; 0: not known, only metadata was seen
  int64_t time = 0;        // of our entry, unix seconds
  int64_t generation = 0;  // no evidence by itself, for people

  bool operator==(const Observation&) const = default;
};

// Observes an object, or, with values = 0, what a watch of metadata sends of it
// (PartialObjectMetadata).
Observation Observe(const boost::json::object& live, std::string_view manager);
Observation ObserveMetadata(const boost::json::object& live, std::string_view manager);

enum class Drift {
  kNone,
  kRecreated,      // another object has the name now
  kForgotten,      // managedFields were cleared: nobody knows any more what is ours
  kTakenOver,      // another manager changed or removed fields that were ours
  kAppliedAsUs,    // somebody applies under our name
  kValuesChanged,  // values or the order of list items changed though we still own them
};

// What happened between an earlier observation and a later one. Everything that another manager
// does to fields that are not ours is kNone, and so is a value that somebody else sets as we did.
// An observation of metadata only can't tell kValuesChanged, and takes a change under our name that
// was changed back for kAppliedAsUs.
Drift Compare(const Observation& before, const Observation& now);

// "another manager changed or removed fields that Slipway owns"; empty for kNone.
std::string_view DriftText(Drift drift);

}  // namespace slipway::kube
