#pragma once

// Everything that a store needs.
#include "libs/db/pool.h"    // IWYU pragma: export
#include "libs/db/result.h"  // IWYU pragma: export
#include "libs/db/run_tx.h"  // IWYU pragma: export
#include "libs/db/sql.h"     // IWYU pragma: export
#include "libs/db/tx.h"      // IWYU pragma: export
