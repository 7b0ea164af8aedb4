#!/usr/bin/env python3
"""Memory of what is kept of each watched object of a cluster, with 10,000 and with 100,000 of them."""

import subprocess
import sys

import bench

COUNTS = (10_000, 100_000)
TARGET = 300


def main():
    rows = []
    for count in COUNTS:
        done = subprocess.run([bench.e2e.BIN / "bench_watched_memory", str(count)], capture_output=True, text=True, check=True)
        used, whole = map(int, done.stdout.split())
        rows.append((f"an object of {count}", f"{TARGET} bytes", f"{used} bytes, {used / whole:.2f} x its JSON", used <= TARGET))
    return 0 if bench.verdict(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
