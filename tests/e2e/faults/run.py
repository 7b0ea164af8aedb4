"""The fault run: pushes keep coming while every part of the suite is killed in turn; afterwards everything must be right."""

import random
import sys
import threading
import time

from faults import checks, load, parts, view

# Named points of the main job, after which the kill follows at once. None: at any moment.
POINTS = (None, "push answered", "delivery stored", "run created", "job leased", "step running", "image building", "image recorded",
          "deployment created", "committing", "syncing", "progressing")
POINT_SECONDS = 10
SETTLE_SECONDS = 180


class FaultRun:
    def __init__(self, suite, kills, seed, apps=3, out=sys.stdout):
        self.suite = suite
        self.rng = random.Random(seed)
        self.plan = self._plan(kills)
        self.ended = threading.Event()  # set: no more kills, only the checks
        self.counter = load.Counter()
        self.parts = parts.Parts(suite.root)
        self.pushers = [load.Pusher(suite, i, self.counter.url, random.Random(seed * 100 + i), limit=1) for i in range(apps)]
        self.observer = view.Observer(suite, self.pushers)
        self.out = out

    def _plan(self, kills):
        """Each part in turn, ours twice as often; the points in an order of their own, so that all pairs come."""
        plan = []
        while len(plan) < kills:
            names = [*parts.OURS, *parts.OURS, *parts.OTHERS]
            self.rng.shuffle(names)
            plan += [(name, self.rng.choice(POINTS)) for name in names]
        return plan[:kills]

    def run(self):
        """The findings, after everything has come to rest."""
        started = time.monotonic()
        for pusher in self.pushers:
            pusher.app.healthy(pusher.push())
        for thread in (*(pusher.thread for pusher in self.pushers), self.observer.thread):
            thread.start()
        missed = 0
        try:
            for number, (name, point) in enumerate(self.plan, 1):
                if self.ended.is_set():
                    break
                reached = self._reach(point)
                missed += not reached
                self.parts.kill(name)
                self._say(f"kill {number:4} at {time.monotonic() - started:6.1f} s  {name:12} {point or 'any moment'}"
                          f"{'' if reached else ' (not reached)'}")
                for worker in (*self.pushers, self.observer):
                    if worker.error:
                        raise worker.error
        finally:
            for worker in self.pushers:
                worker.stop.set()
            for worker in self.pushers:
                worker.thread.join()
        for pusher in self.pushers:
            pusher.push()
        killed = time.monotonic()
        findings = self._settle()
        self.observer.stop.set()
        self.observer.thread.join()
        if self.observer.error:
            raise self.observer.error
        findings += sorted(self.observer.violations)
        findings += checks.check(self.suite, self.pushers, self.counter, self.parts)
        self._report(killed - started, time.monotonic() - killed, missed)
        return findings

    def close(self):
        self.counter.close()
        for pusher in self.pushers:
            pusher.stop.set()
        self.observer.stop.set()

    # Points ----------------------------------------------------------------------------------------------------------

    def _reach(self, point):
        """Pushes to one app and waits until the point is reached. False: the suite did not get there in time."""
        pause = threading.Event()
        if point is None:
            pause.wait(self.rng.uniform(0, 1.5))
            return True
        # The one with the least under way, else the point is behind a queue.
        pusher = min(self.pushers, key=lambda each: (len(each.accepted) - each.ended, self.rng.random()))
        commit = pusher.push()
        if point == "push answered":
            return True
        end = time.monotonic() + POINT_SECONDS
        while time.monotonic() < end:
            if self._is_at(pusher, commit, point):
                return True
            pause.wait(0.01)
        return False

    def _is_at(self, pusher, commit, point):
        name = pusher.app.name
        if point == "delivery stored":
            page = view.get(self.suite, f"/v1/deliveries?app={name}&pageSize=10")
            # Until it is processed it belongs to no app; then the point is just over.
            return page and any(delivery["commit"] == commit for delivery in page["deliveries"])
        if point in ("run created", "job leased", "step running", "image building", "image recorded"):
            page = view.get(self.suite, f"/v1/{name}/workflows/main/runs?pageSize=5")
            run = next((run for run in page["runs"] if run["commit"] == commit), None) if page else None
            if not run or point == "run created":
                return run
            if point == "job leased":
                return run["state"] != "PENDING"
            if point == "image recorded":
                return run["state"] in view.FINAL_RUN
            full = view.get(self.suite, "/v1/" + run["name"])
            steps = full["jobs"][0]["steps"] if full else []
            wanted = "prepare" if point == "step running" else "image"
            return any(step["name"] == wanted and step["state"] != "PENDING" for step in steps)
        page = view.get(self.suite, f"/v1/{name}/environments/dev/deployments?pageSize=5")
        order = {"deployment created": 0, "committing": 1, "syncing": 2, "progressing": 3}
        states = {"PENDING": 0, "COMMITTING": 1, "SYNCING": 2}
        return page and any(states.get(row["status"]["state"], 3) >= order[point] for row in page["deployments"]
                            if row["status"]["sourceCommit"] == commit)

    # Rest ------------------------------------------------------------------------------------------------------------

    def _settle(self):
        """Waits until nothing is under way any more."""
        end = time.monotonic() + SETTLE_SECONDS
        pause = threading.Event()
        open_things = None
        while time.monotonic() < end:
            open_things = self._open()
            if not open_things:
                return []
            pause.wait(0.3)
        return [f"after {SETTLE_SECONDS} s of rest: {thing}" for thing in open_things or ["the suite does not answer"]]

    def _open(self):
        rest = []
        for pusher in self.pushers:
            runs = view.listed(self.suite, f"/v1/{pusher.app.name}/workflows/-/runs", "runs")
            deployments = view.listed(self.suite, f"/v1/{pusher.app.name}/environments/-/deployments", "deployments")
            if runs is None or deployments is None:
                return ["the suite does not answer"]
            have = {(run["name"].split("/")[5], run["commit"]) for run in runs}
            rest += [f"no run of {workflow} for {commit[:7]} of {pusher.app.id}" for commit in pusher.accepted
                     for workflow in pusher.workflows if (workflow, commit) not in have]
            rest += [f"{run['name']} {run['state']} {run['reason']}" for run in runs if run["state"] not in view.FINAL_RUN]
            rest += [f"{row['name']} {row['status']['state']} {row['status']['reason']}" for row in deployments
                     if row["status"]["state"] not in view.FINAL_DEPLOYMENT]
            newest = {run["commit"]: run for run in runs if "/workflows/main/" in run["name"]}.get(pusher.accepted[-1])
            if newest and newest["state"] == "SUCCEEDED" and not any(
                    row["status"]["sourceCommit"] == pusher.accepted[-1] for row in deployments):
                rest.append(f"no deployment of {pusher.accepted[-1][:7]} of {pusher.app.id}")
        return rest

    def _say(self, text):
        print(text, file=self.out, flush=True)

    def _report(self, killing, settling, missed):
        pushes = sum(len(pusher.accepted) for pusher in self.pushers)
        self._say(f"{len(self.parts.kills)} kills in {killing:.0f} s ({missed} without their point), {pushes} pushes accepted, "
                  f"{sum(pusher.repeated for pusher in self.pushers)} repeated, at rest and checked after {settling:.0f} s")
        self._say("what waiting things said:")
        for reason, count in sorted(self.observer.reasons.items(), key=lambda pair: -pair[1])[:25]:
            self._say(f"  {count:5}  {reason}")
