#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tools/slipway/output/table.h"

namespace slipway::cli {

enum class Format { kTable, kJson, kYaml };

// "table", "json" or "yaml".
absl::StatusOr<Format> ParseFormat(std::string_view word);

// Writes to standard output and standard error, at once. With -o json or yaml standard output has
// the one document and nothing else. Used by one thread.
class Output {
 public:
  explicit Output(Format format);

  Format format() const { return format_; }
  bool for_people() const { return format_ == Format::kTable; }
  bool on_terminal() const { return on_terminal_; }

  // The answer: the document with -o json or yaml, else the table, or `none` if it has no rows.
  void Answer(const boost::json::value& document, const Table& table, std::string_view none = "");
  // A document: as YAML also where a table was asked for.
  void Document(const boost::json::value& document);

  // A line of the answer for people; nothing with -o json or yaml.
  void Line(std::string_view text);
  // Text as it is, whatever the format.
  void Raw(std::string_view text);
  // For people, on standard error.
  void Note(std::string_view text);
  // A line that the next one replaces; on a terminal only.
  void Passing(std::string_view text);

 private:
  void ClearPassing();

  const Format format_;
  const bool on_terminal_;
  bool passing_ = false;
};

// Asks on the terminal; false if there is none. `secret`: without echo.
bool Ask(std::string_view question, bool secret, std::string& answer);

}  // namespace slipway::cli
