#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

namespace slipway {

// Bytes that a file or a folder with all its content takes on its file system: blocks, not lengths,
// without what is mounted below it and without following symbolic links. What can't be read counts
// nothing. A stop request ends the walk with what was counted so far.
int64_t DiskUse(const std::string& path, const std::stop_token& stop = {});

}  // namespace slipway
