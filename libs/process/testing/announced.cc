#include "libs/process/testing/announced.h"

#include <unistd.h>

#include <utility>

#include "libs/base/status.h"
#include "libs/process/pipe.h"

namespace slipway::process {

absl::StatusOr<Announced> StartAnnounced(ProcessSpec spec, std::string_view prefix) {
  SLIPWAY_ASSIGN_OR_RETURN(Pipe pipe, MakePipe());
  const std::string program = spec.argv.front();
  spec.out = OutputSink::Fd(pipe.write.get());
  SLIPWAY_ASSIGN_OR_RETURN(Process process, Process::Start(std::move(spec)));
  pipe.write.Reset();
  std::string line;
  char c = 0;
  while (::read(pipe.read.get(), &c, 1) == 1) {
    if (c != '\n') {
      line += c;
    } else if (line.starts_with(prefix)) {
      return Announced{std::move(process), line.substr(prefix.size())};
    } else {
      line.clear();
    }
  }
  return absl::UnavailableError(program + " ended before it was ready");
}

}  // namespace slipway::process
