#!/usr/bin/env python3
"""long: 10,000 apps of 2 objects on Kubernetes: idle under foreign status updates, first page, kill -9 and restart."""

import argparse
import os
import re
import signal
import sys
import threading
import time

import bench
import on_kubernetes
from faults import parts

UPDATES = 100  # a second
UPDATERS = 4
DRIFTED = 100
PAGES = 50
IDLE = 20e-6
PAGE = 0.02
RESTART = 5.0
MERGE = "application/merge-patch+json"
READS = ("get", "list", "watch", "discovery")


def objects(app, namespace):
    """What one app consists of: nothing that needs a node or that a controller works on."""
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": app, "namespace": namespace}},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": app, "namespace": namespace},
         "spec": {"selector": {"app": app}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]}}]


def path_of(app):
    return f"/api/v1/namespaces/dev/services/{app}"


class Gitops:
    """The process that is measured."""

    def __init__(self, suite):
        self.parts = parts.Parts(suite.root)
        self.suite = suite

    def pid(self):
        return self.parts.pid("gitops")

    def cpu(self):
        """Seconds of CPU so far."""
        with open(f"/proc/{self.pid()}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """Proportional set size in bytes."""
        with open(f"/proc/{self.pid()}/smaps_rollup", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("Pss:")) * 1024

    def calls(self):
        """Requests to API servers so far, by verb."""
        counts = {}
        for line in on_kubernetes.metrics(self.suite).splitlines():
            match = re.match(r'slipway_kube_requests_total\{.*verb="(\w+)".*\} (\S+)', line)
            if match:
                counts[match[1]] = counts.get(match[1], 0) + int(float(match[2]))
        return counts


def update_statuses(server, apps, stop):
    """Changes the status of one Service after the other, as a controller would, until `stop`; how many."""
    started, done = time.monotonic(), 0
    while not stop.wait(max(0.0, started + done * UPDATERS / UPDATES - time.monotonic())):
        condition = {"type": "bench.example.com/Foreign", "status": "True", "reason": "Foreign", "message": f"change {done}",
                     "lastTransitionTime": "2026-01-01T00:00:00Z"}
        server.call("PATCH", path_of(apps[done % len(apps)]) + "/status?fieldManager=foreign", {"status": {"conditions": [condition]}}, MERGE)
        done += 1
    return done


def idle(suite, gitops, count, seconds):
    """(seconds of CPU, calls, foreign updates) while nothing is to be done."""
    stop = threading.Event()
    names = on_kubernetes.names(count)
    done = []
    threads = [threading.Thread(target=lambda part=part: done.append(
        update_statuses(on_kubernetes.Server(suite.root / "kubeconfig"), names[part::UPDATERS], stop))) for part in range(UPDATERS)]
    cpu, calls = gitops.cpu(), gitops.calls()
    for thread in threads:
        thread.start()
    threading.Event().wait(seconds)
    cpu, now = gitops.cpu() - cpu, gitops.calls()
    stop.set()
    for thread in threads:
        thread.join()
    return cpu, {verb: now[verb] - calls.get(verb, 0) for verb in now if now[verb] != calls.get(verb, 0)}, sum(done)


def restart(server, gitops, count):
    """(seconds from kill -9 until what was changed meanwhile is put back, writes until then)."""
    names = on_kubernetes.names(count)
    changed = names[::max(1, count // DRIFTED)]
    # It does not see the changes: only by looking at every app again can it find them.
    os.kill(gitops.pid(), signal.SIGSTOP)
    for app in changed:
        server.call("PATCH", path_of(app), {"spec": {"selector": {"app": "foreign"}}}, MERGE)
    started = time.monotonic()
    gitops.parts.kill("gitops")
    pause = threading.Event()
    left = list(changed)
    while left:
        if server.call("GET", path_of(left[-1]))["spec"]["selector"]["app"] == left[-1]:
            left.pop()
        elif time.monotonic() - started > 300:
            raise RuntimeError(f"{len(left)} of {len(changed)} changes were not put back within 5 minutes")
        else:
            pause.wait(0.01)
    taken = time.monotonic() - started
    return taken, sum(number for verb, number in gitops.calls().items() if verb not in READS), len(changed)


def pages(suite):
    """Seconds of the first page of what runs, and of apps."""
    taken = []
    for path in ("projects/demo/apps/-/environments/dev/deployments?currentOnly=true&pageSize=50", "projects/demo/apps?pageSize=50"):
        for _ in range(PAGES):
            started = time.monotonic()
            suite.api("GET", "/v1/" + path)
            taken.append(time.monotonic() - started)
    return taken


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--apps", type=int, default=10_000)
    parser.add_argument("--seconds", type=int, default=300, help="how long it is idle")
    arguments = parser.parse_args()
    count = arguments.apps
    suite, server = on_kubernetes.start()
    gitops = Gitops(suite)
    before = gitops.memory()
    taken, _ = on_kubernetes.deploy(suite, count, objects)
    grown = (gitops.memory() - before) / count
    first = pages(suite)
    cpu, calls, updates = idle(suite, gitops, count, arguments.seconds)
    server.close()
    again, writes, changed = restart(server, gitops, count)
    suite.close()
    p99 = bench.percentile(first, 99)
    each = cpu / count / arguments.seconds
    bench.table([(f"{count} apps of 2 objects healthy", bench.milliseconds(taken)), ("memory of gitops for each app", f"{grown / 1024:.1f} KiB"),
                 ("foreign status updates a second", f"{updates / arguments.seconds:.0f}"), ("first page, p50", bench.milliseconds(bench.percentile(first, 50)))])
    return 0 if bench.verdict([
        ("idle CPU of an app and second", f"{IDLE * 1e6:.0f} us", f"{each * 1e6:.1f} us", each <= IDLE),
        # Watches end and are begun anew.
        ("calls while idle", "none but watch", str(calls or "none"), set(calls) <= {"watch"}),
        (f"first page of {count} apps, p99", bench.milliseconds(PAGE), bench.milliseconds(p99), p99 <= PAGE),
        ("kill -9 until all are verified", bench.milliseconds(RESTART), bench.milliseconds(again), again <= RESTART),
        ("writes after it", f"the {changed} changes put back", str(writes), writes == changed)]) else 1


if __name__ == "__main__":
    sys.exit(main())
