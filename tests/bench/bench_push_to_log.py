#!/usr/bin/env python3
"""A push until the first byte of the user's script at a follower: from the start of post-receive, 100 pushes, warm."""

import argparse
import collections
import http.client
import sys
import threading
import time
import urllib.parse

import bench

P50, P99 = 0.1, 0.3


class Follower:
    """Follows the log of a run's job over SSE from before it is there, and notes when the first text came."""

    def __init__(self, suite, app, number):
        self.suite = suite
        self.path = f"/v1/{app.name}/workflows/main/runs/{number}/jobs/build/log"
        self.arrived = None
        self.thread = threading.Thread(target=self._work)
        self.thread.start()

    def _work(self):
        url = urllib.parse.urlsplit(self.suite.url)
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            connection.request("GET", self.path, headers={"Authorization": "Bearer " + self.suite.token, "Accept": "text/event-stream"})
            answer = connection.getresponse()
            if answer.status != 200:
                # Not created yet: asked again on the same connection, seldom enough not to weigh on what is measured.
                answer.read()
                threading.Event().wait(0.01)
                continue
            for line in answer:
                if line.startswith(b"data:") and b"first" in line:
                    self.arrived = time.time()
                    connection.close()
                    return
        raise AssertionError(f"no log at {self.path}")


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--pushes", type=int, default=100)
    arguments = options.parse_args()
    suite = bench.suite()
    app = bench.e2e.App(suite, "log")
    # The script is what is measured; the image that the run goes on to build is cut off.
    app.define(environments=(), preBuild=[{"name": "script", "shell": {"script": "echo first; exit 1"}}])
    times, hops = [], collections.defaultdict(list)
    for number in range(1, arguments.pushes + 4):
        follower = Follower(suite, app, number)
        commit = app.push(f"push {number}")
        follower.thread.join()
        run = app.run_of(commit)
        if number <= 3:
            continue
        records = suite.api("GET", "/v1/timeline?name=" + run["name"])["records"]
        received = next(bench.seconds_of(record["time"]) for record in records if record["event"] == "push.received")
        times.append(follower.arrived - received)
        last = received
        for record in records:
            now = bench.seconds_of(record["time"])
            hops[record["event"], record["message"].split(",")[0][:40]].append((now - last, now - received))
            last = now
    app.delete()
    suite.close()
    rows = [(f"{event}  {message}", bench.milliseconds(bench.median([hop for hop, _ in all_])), bench.milliseconds(bench.median([at for _, at in all_])))
            for (event, message), all_ in hops.items() if len(all_) > len(times) / 2]
    bench.table([("record", "after the one before", "after the push")] + rows)
    p50, p99 = bench.percentile(times, 50), bench.percentile(times, 99)
    good = bench.verdict([("p50 to the follower", bench.milliseconds(P50), bench.milliseconds(p50), p50 <= P50),
                          ("p99 to the follower", bench.milliseconds(P99), bench.milliseconds(p99), p99 <= P99)])
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
