#pragma once

namespace slipway::cli {

// The whole program: reads the command line, runs the one command that it names, and returns the
// exit code (errors.h).
int Main(int argc, char** argv);

}  // namespace slipway::cli
