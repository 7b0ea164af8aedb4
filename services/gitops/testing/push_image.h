#pragma once

#include <string>

#include "libs/oci/testing/registry.h"

namespace slipway::gitops {

// Pushes an image FROM scratch that serves `text` at /index.html with busybox's httpd, on port
// 8080; `command` replaces the server. Returns HOST:PORT/REPOSITORY@sha256:... For tests, which it
// aborts when the image can't be built.
std::string PushImage(const oci::Registry& registry, const std::string& repository,
                      const std::string& text, const std::string& command = "");

}  // namespace slipway::gitops
