#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "libs/yaml/document.h"

namespace slipway::cli {

// The mistakes of one manifest, in the order of its lines. Owned by one command and used by one
// thread.
class Problems {
 public:
  explicit Problems(std::string file) : file_(std::move(file)) {}

  // A mistake of the whole file; `line` 0: of no line.
  void Add(int line, std::string_view problem);
  // A mistake at `path` of a document, at the line where the path stands, or at `line`.
  void Add(const yaml::Document& document, const std::string& path, std::string_view problem,
           int line = 0);
  // True if a mistake at `path` may be the consequence of one that is known: it is the same place,
  // one within it or what holds it, or it is missing beside something wrong, as a member is that
  // was misspelt.
  bool Follows(const yaml::Document& document, std::string_view path) const;
  // Paths of `document` that are known to be wrong.
  const std::vector<std::string>& Wrong(const yaml::Document& document) const;

  bool empty() const { return lines_.empty(); }
  // OK without problems; else MANIFEST_INVALID with a line "FILE:LINE: path: problem" for each.
  absl::Status ToStatus() const;

 private:
  std::string file_;
  std::multimap<int, std::string> lines_;
  // By the line on which the document starts.
  std::map<int, std::vector<std::string>> wrong_;
};

}  // namespace slipway::cli
