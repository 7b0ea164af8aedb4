#!/usr/bin/env python3
"""A push to a healthy deployment that answers with it, for an app that runs already: the time of each hop; median of 5."""

import sys
import time

import bench

TARGET = 5.0
PUSHES = 5


def main():
    suite = bench.suite()
    app = bench.e2e.App(suite, "demo")
    app.define()
    app.healthy(app.push("first"))
    totals, hops = [], {}
    for number in range(PUSHES):
        text = f"push {number}"
        started = time.time()
        commit = app.push(text)
        app.healthy(commit)
        assert app.answer().strip() == text
        totals.append(time.time() - started)
        last = started
        for record in suite.api("GET", "/v1/timeline?name=" + app.deployment()["name"])["records"]:
            now = bench.seconds_of(record["time"])
            hops.setdefault(record["event"] + "|" + record["message"].split(" demo/")[0][:60], []).append((now - last, now - started))
            last = now
    app.delete()
    suite.close()
    rows = [(name.replace("|", "  "), bench.milliseconds(bench.median([hop for hop, _ in times])), bench.milliseconds(bench.median([at for _, at in times])))
            for name, times in hops.items() if len(times) >= PUSHES // 2 + 1]
    bench.table([("record", "after the one before", "after the start")] + rows)
    total = bench.median(totals)
    return 0 if bench.verdict([("second push to healthy", bench.milliseconds(TARGET), bench.milliseconds(total), total <= TARGET)]) else 1


if __name__ == "__main__":
    sys.exit(main())
