#include "libs/db/result.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "libs/base/encoding.h"
#include "libs/base/strings.h"
#include "libs/db/result_data.h"

namespace slipway::db {
namespace {

[[noreturn]] void Mistake(const char* column, const char* problem) {
  std::fprintf(stderr, "libs/db: column \"%s\" %s\n", column, problem);
  std::abort();
}

pqxx::field FieldOf(const internal::ResultData& data, int index, const char* column) {
  try {
    return data.rows.at(static_cast<pqxx::result::size_type>(index)).at(column);
  } catch (const std::exception& e) {
    Mistake(column, e.what());
  }
}

}  // namespace

bool Row::IsNull(const char* column) const { return FieldOf(*data_, index_, column).is_null(); }

std::string_view Row::Text(const char* column) const {
  const pqxx::field field = FieldOf(*data_, index_, column);
  return {field.c_str(), field.size()};
}

std::string Row::GetString(const char* column) const { return std::string(Text(column)); }

int64_t Row::GetInt64(const char* column) const {
  const std::string_view text = Text(column);
  int64_t value = 0;
  if (!text.empty() && !absl::SimpleAtoi(ToAbsl(text), &value)) Mistake(column, "is no integer");
  return value;
}

double Row::GetDouble(const char* column) const {
  const std::string_view text = Text(column);
  double value = 0;
  if (!text.empty() && !absl::SimpleAtod(ToAbsl(text), &value)) Mistake(column, "is no number");
  return value;
}

bool Row::GetBool(const char* column) const {
  const std::string_view text = Text(column);
  if (!text.empty() && text != "t" && text != "f") Mistake(column, "is no boolean");
  return text == "t";
}

absl::Time Row::GetTime(const char* column) const {
  const std::string_view text = Text(column);
  if (text.empty()) return absl::UnixEpoch();
  if (text == "infinity") return absl::InfiniteFuture();
  if (text == "-infinity") return absl::InfinitePast();
  absl::Time time;
  std::string error;
  if (!absl::ParseTime("%Y-%m-%d %H:%M:%E*S%Ez", ToAbsl(text), &time, &error)) {
    Mistake(column, "is no timestamptz");
  }
  return time;
}

std::string Row::GetBytes(const char* column) const {
  const std::string_view text = Text(column);
  if (text.empty()) return "";
  const auto bytes = text.substr(0, 2) == "\\x" ? HexDecode(text.substr(2)) : std::nullopt;
  if (!bytes) Mistake(column, "is no bytea");
  return *bytes;
}

std::vector<std::string> Row::GetTextArray(const char* column) const {
  const std::string_view text = Text(column);
  std::vector<std::string> values;
  if (text.empty()) return values;
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') Mistake(column, "is no array");
  std::string value;
  bool quoted = false;
  bool any = false;
  for (size_t i = 1; i + 1 < text.size(); ++i) {
    const char c = text[i];
    any = true;
    if (quoted && c == '\\' && i + 2 < text.size()) {
      value += text[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      values.push_back(std::move(value));
      value.clear();
    } else {
      value += c;
    }
  }
  if (any) values.push_back(std::move(value));
  return values;
}

std::optional<std::string> Row::GetOptionalString(const char* column) const {
  if (IsNull(column)) return std::nullopt;
  return GetString(column);
}

std::optional<int64_t> Row::GetOptionalInt64(const char* column) const {
  if (IsNull(column)) return std::nullopt;
  return GetInt64(column);
}

std::optional<absl::Time> Row::GetOptionalTime(const char* column) const {
  if (IsNull(column)) return std::nullopt;
  return GetTime(column);
}

int Result::size() const { return static_cast<int>(data_->rows.size()); }

int64_t Result::affected_rows() const { return static_cast<int64_t>(data_->rows.affected_rows()); }

}  // namespace slipway::db
