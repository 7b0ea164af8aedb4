#!/usr/bin/env python3
"""Memory of Slipway's own processes, idle: sum of proportional set sizes."""

import sys
import threading

import bench
from faults import parts

TARGET = 100


def pss(pid):
    """Proportional set size in MB."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pss:")) / 1024


def main():
    suite = bench.suite()
    processes = parts.Parts(suite.root)
    # Idle after work: one push has gone the whole way, and the suite has rested.
    app = bench.e2e.App(suite, "memory")
    app.define()
    app.healthy(app.push("memory"))
    app.delete()
    threading.Event().wait(5)
    sizes = {name: pss(processes.pid(name)) for name in parts.OURS}
    suite.close()
    bench.table([(name, f"{size:.1f} MB") for name, size in sizes.items()])
    total = sum(sizes.values())
    return 0 if bench.verdict([("sum of proportional set sizes", f"{TARGET} MB", f"{total:.1f} MB", total <= TARGET)]) else 1


if __name__ == "__main__":
    sys.exit(main())
