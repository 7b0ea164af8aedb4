#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

namespace slipway::cli {

// A text, number or boolean at a path as text; "" for anything else. 64-bit numbers travel as text
// in JSON.
std::string Text(const boost::json::value& value, std::string_view path);
// The list or object at a path; an empty one where there is none.
const boost::json::array& List(const boost::json::value& value, std::string_view path);
const boost::json::object& Object(const boost::json::value& value, std::string_view path);

}  // namespace slipway::cli
