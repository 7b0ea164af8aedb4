#pragma once

#include <pqxx/result>

namespace slipway::db::internal {

// What a Result holds; only libs/db sees libpqxx.
struct ResultData {
  pqxx::result rows;
};

}  // namespace slipway::db::internal
