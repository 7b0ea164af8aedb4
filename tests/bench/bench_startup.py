#!/usr/bin/env python3
"""Suite start to ready with a warm database: from the supervisor's start to 200 at /readyz; median of 3."""

import subprocess
import sys
import time

import bench

TARGET = 1.0
STARTS = 3


def reported(root):
    """Stops the suite and starts it again; what tools/up says that its start took, in seconds."""
    subprocess.run([bench.e2e.SOURCE / "tools/down", "--root", root], check=True, stdout=subprocess.DEVNULL, timeout=110)
    started = time.monotonic()
    done = subprocess.run([bench.e2e.SOURCE / "tools/up", "--no-build", "--no-demo", "--root", root], check=True, capture_output=True,
                          text=True, timeout=110)
    whole = time.monotonic() - started
    line = next(line for line in done.stdout.splitlines() if line.startswith("suite"))
    number, unit = line.split()[2:4]
    return float(number) * (0.001 if unit == "ms" else 1), whole


def main():
    suite = bench.suite()
    measured = [reported(suite.root) for _ in range(STARTS)]
    suite.close()
    ready = bench.median([ready for ready, _ in measured])
    bench.table([("starts", ", ".join(bench.milliseconds(ready) for ready, _ in measured)),
                 ("whole of tools/up", bench.milliseconds(bench.median([whole for _, whole in measured])))])
    return 0 if bench.verdict([("start to ready", bench.milliseconds(TARGET), bench.milliseconds(ready), ready <= TARGET)]) else 1


if __name__ == "__main__":
    sys.exit(main())
