#pragma once

#include <string>
#include <vector>

namespace slipway::cli {

// Rows under a header, in columns as wide as their widest cell; the last cell of a row, which may
// be a short one, is as long as it is. A value.
struct Table {
  std::vector<std::string> header = {};  // empty: none is shown
  std::vector<std::vector<std::string>> rows = {};
  size_t widest =
      1000;  // longer cells do not widen their column: the next one follows them closely

  // Lines with `indent` spaces before each. Line breaks in cells become spaces; no spaces at the
  // end of lines.
  std::string Render(size_t indent = 0) const;
};

}  // namespace slipway::cli
