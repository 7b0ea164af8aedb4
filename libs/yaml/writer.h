#pragma once

#include <boost/json.hpp>
#include <string>

namespace slipway::yaml {

// Readable YAML for a JSON value: block style, keys in the value's order, strings of several lines
// as literal blocks, quotes only where another reader could see something else than a string. Parse
// gives the same value back.
std::string Write(const boost::json::value& value);

}  // namespace slipway::yaml
