#pragma once

#include <string>
#include <string_view>

namespace slipway::gateway {

// A serialised descriptor set with one file, "test.proto" in package slipway.test.v1, made of
// `source`: the text of a proto without syntax and package lines. google/api/annotations.proto and
// the well-known types may be used.
std::string DescriptorSetOf(std::string_view source);

// A service with every kind of field, for tests of binding and JSON.
std::string_view TestProto();

}  // namespace slipway::gateway
