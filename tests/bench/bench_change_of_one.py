#!/usr/bin/env python3
"""One file of one app changed in a repository of 1,000, from the fetched commit to the plan; exactly one render."""

import argparse
import subprocess
import sys

import bench

TARGET = 0.05


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--apps", type=int, default=1000)
    count = parser.parse_args().apps
    done = subprocess.run([bench.e2e.BIN / "bench_change_of_one", str(count)], capture_output=True, text=True, check=True)
    rows = [line.split() for line in done.stdout.splitlines()]
    times = [float(time) / 1000 for time, _ in rows]
    renders = {int(number) for _, number in rows}
    p99 = bench.percentile(times, 99)
    bench.table([("p50", f"{bench.percentile(times, 50) * 1000:.1f} ms")])
    return 0 if bench.verdict([
        (f"commit to plan, one of {count} apps, p99", bench.milliseconds(TARGET), f"{p99 * 1000:.1f} ms", p99 <= TARGET),
        ("renders a commit", "1", ", ".join(map(str, sorted(renders))), renders == {1})]) else 1


if __name__ == "__main__":
    sys.exit(main())
