"""What the suite shows while parts of it are away: asked all the time, never trusted to be there."""

import http.client
import json
import threading
import time
import urllib.error

FINAL_RUN = ("SUCCEEDED", "FAILED", "CANCELLED")
FINAL_DEPLOYMENT = ("HEALTHY", "UNHEALTHY", "FAILED", "SUPERSEDED")
# A thing that waits longer than this has to say for what.
SILENT_SECONDS = 5


def get(suite, path, timeout=3):
    """The JSON of a GET; None while the suite does not answer (no connection, 5xx)."""
    try:
        status, _, data = suite.request("GET", path, timeout=timeout)
    except (OSError, urllib.error.URLError, http.client.HTTPException):
        return None
    if status >= 500 or status == 429:
        return None
    if status != 200:
        raise AssertionError(f"GET {path}: {status} {data.decode(errors='replace')}")
    return json.loads(data)


def listed(suite, path, member):
    """All pages of a list; None while the suite does not answer."""
    rows, token = [], ""
    while True:
        page = get(suite, f"{path}{'&' if '?' in path else '?'}pageSize=500{'&pageToken=' + token if token else ''}", timeout=10)
        if page is None:
            return None
        rows += page[member]
        token = page.get("nextPageToken")
        if not token:
            return rows


class Observer:
    """Reads runs and deployments of the apps in turn; keeps what was said while things waited."""

    def __init__(self, suite, pushers):
        self.suite = suite
        self.pushers = pushers
        # Reasons that were shown while something waited, with how often.
        self.reasons = {}
        # Things that waited without a word: name -> first seen.
        self.silent = {}
        self.violations = set()
        # Final states that were seen; they must stay.
        self.final = {}
        self.unanswered = 0
        self.error = None
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._work, name="observer")

    def _work(self):
        try:
            while not self.stop.is_set():
                for pusher in self.pushers:
                    self.look(pusher)
                    if self.stop.wait(0.1):
                        return
        except Exception as error:  # noqa: BLE001: reported by the run
            self.error = error

    def look(self, pusher):
        runs = get(self.suite, f"/v1/{pusher.app.name}/workflows/-/runs?pageSize=100")
        deployments = get(self.suite, f"/v1/{pusher.app.name}/environments/-/deployments?pageSize=30")
        if runs is None or deployments is None:
            self.unanswered += 1
            self.silent.clear()
            return
        open_runs = 0
        for run in runs["runs"]:
            open_runs += run["state"] not in FINAL_RUN
            self._note(run["name"], run["state"], run["reason"], run["state"] == "PENDING", run["state"] in FINAL_RUN)
        known = {run["commit"] for run in runs["runs"]}
        unknown = sum(commit not in known for commit in pusher.accepted[-20:])
        pusher.ended = len(pusher.accepted) - unknown - open_runs // len(pusher.workflows)
        for deployment in deployments["deployments"]:
            status = deployment["status"]
            waits = status["state"] in ("PENDING", "COMMITTING", "SYNCING")
            self._note(deployment["name"], status["state"], status["reason"], waits, status["state"] in FINAL_DEPLOYMENT)

    def _note(self, name, state, reason, waits, final):
        if name in self.final and self.final[name] != state:
            self.violations.add(f"{name} was {self.final[name]} and is {state}: final states stay")
        if final:
            self.final[name] = state
        if waits and reason:
            kind = f"{state}: {reason}"
            self.reasons[kind] = self.reasons.get(kind, 0) + 1
        if not waits or reason:
            self.silent.pop(name, None)
        else:
            first = self.silent.setdefault(name, (state, time.monotonic()))
            if first[0] != state:
                self.silent[name] = (state, time.monotonic())
            elif time.monotonic() - first[1] > SILENT_SECONDS:
                self.violations.add(f"{name} is {state} for more than {SILENT_SECONDS} s and does not say what it waits for")
