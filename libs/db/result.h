#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace slipway::db {

namespace internal {
struct ResultData;
}

// One row of a Result, read by column name. A NULL reads as the zero value ("", 0, false, 1970, no
// bytes, no elements); the optional forms tell it apart. A column that is not there, or has a value
// of another type, is a mistake in the program and aborts. Cheap to copy; keeps its Result alive.
class Row {
 public:
  Row(std::shared_ptr<const internal::ResultData> data, int index)
      : data_(std::move(data)), index_(index) {}

  bool IsNull(const char* column) const;
  std::string GetString(const char* column) const;
  int64_t GetInt64(const char* column) const;
  int GetInt(const char* column) const { return static_cast<int>(GetInt64(column)); }
  double GetDouble(const char* column) const;
  bool GetBool(const char* column) const;
  // timestamptz; infinity reads as absl::InfiniteFuture().
  absl::Time GetTime(const char* column) const;
  // bytea
  std::string GetBytes(const char* column) const;
  // text[], one dimension
  std::vector<std::string> GetTextArray(const char* column) const;

  std::optional<std::string> GetOptionalString(const char* column) const;
  std::optional<int64_t> GetOptionalInt64(const char* column) const;
  std::optional<absl::Time> GetOptionalTime(const char* column) const;

 private:
  std::string_view Text(const char* column) const;

  std::shared_ptr<const internal::ResultData> data_;
  int index_;
};

// The rows that a statement returned, in order. Immutable, cheap to copy, valid after the
// transaction's end.
class Result {
 public:
  explicit Result(std::shared_ptr<const internal::ResultData> data) : data_(std::move(data)) {}

  int size() const;
  bool empty() const { return size() == 0; }
  Row operator[](int index) const { return Row(data_, index); }
  // Rows that INSERT, UPDATE or DELETE touched.
  int64_t affected_rows() const;

  class Iterator {
   public:
    Iterator(const Result& result, int index) : result_(result), index_(index) {}
    Row operator*() const { return result_[index_]; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return index_ != other.index_; }

   private:
    const Result& result_;
    int index_;
  };
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, size()}; }

 private:
  std::shared_ptr<const internal::ResultData> data_;
};

}  // namespace slipway::db
