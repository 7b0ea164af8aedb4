#!/usr/bin/env python3
"""Kills every part of the suite in turn while pushes keep coming, then checks that nothing was lost or done twice; long."""

import argparse
import signal
import sys

import bench
from faults import run as fault_run


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=1000)
    options.add_argument("--seed", type=int, default=20261121)
    options.add_argument("--apps", type=int, default=3)
    arguments = options.parse_args()
    suite = bench.suite()
    run = fault_run.FaultRun(suite, arguments.kills, arguments.seed, arguments.apps)
    # Who ends a long run early still wants to know what it found.
    signal.signal(signal.SIGTERM, lambda *_: run.ended.set())
    try:
        findings = run.run()
    finally:
        run.close()
        suite.close()
    for finding in findings:
        print("FOUND", finding)
    bench.verdict([("findings", "0", len(findings), not findings)])
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
