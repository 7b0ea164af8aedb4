#!/usr/bin/env python3
"""long: 100 commits to the GitOps repository, and to an app that is only synced, until applied on Kubernetes; then while 1,000 apps are synced."""

import argparse
import json
import sys
import threading
import time
import urllib.parse

import bench
import on_kubernetes

P50, P99, BUSY_P99 = 0.1, 0.5, 2.0
LIVE = "/api/v1/namespaces/dev/configmaps"


def config_map(app, namespace, text="0"):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": app, "namespace": namespace}, "data": {"text": text}}


class Follower:
    """Follows the ConfigMap of one app at the API server, and notes when it was seen with which text."""

    def __init__(self, suite, app):
        self.seen = {}
        self._changed = threading.Condition()
        self._server = on_kubernetes.Server(suite.root / "kubeconfig")
        self._stream = self._server.stream(f"{LIVE}?watch=1&fieldSelector=metadata.name={app}&timeoutSeconds=3600")
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self):
        for line in self._stream:
            text = json.loads(line)["object"].get("data", {}).get("text")
            with self._changed:
                self.seen.setdefault(text, time.time())
                self._changed.notify_all()

    def when(self, text):
        """Unix time at which `text` was live."""
        with self._changed:
            if not self._changed.wait_for(lambda: text in self.seen, 120):
                raise RuntimeError(f"commit {text} was not applied within 2 minutes")
            return self.seen[text]


def pushed_at(suite, commit):
    """When the Git host took the commit in: the start of its post-receive hook."""
    def delivered():
        # Each push to the GitOps repository is a delivery, too: newer ones may fill many pages.
        query = "/v1/deliveries?pageSize=100"
        while query:
            page = suite.api("GET", query)
            for delivery in page["deliveries"]:
                if delivery.get("commit") == commit:
                    return delivery
            token = page.get("nextPageToken")
            query = f"/v1/deliveries?pageSize=100&pageToken={urllib.parse.quote(token)}" if token else ""
        return None
    delivery = suite.until(delivered, f"the delivery of {commit}")
    with open(suite.root / "data/log/push-sender/current", encoding="utf-8") as log:
        for line in log:
            if '"push.delivered"' in line and delivery["name"] in line:
                record = json.loads(line)
                return bench.seconds_of(record["ts"]) - record["since_push_us"] / 1e6
    raise RuntimeError(f"the sender's log does not know {delivery['name']}")


def commits(suite, repository, app, follower, numbers):
    """Seconds from push to live of one commit after the other."""
    taken = []
    for number in numbers:
        repository.write(app, [config_map(app, "dev", str(number))])
        repository.push(f"commit {number}")
        live = follower.when(str(number))
        taken.append(live - pushed_at(suite, suite.git(repository.tree, "rev-parse", "HEAD")))
    return taken


class Desired:
    """The app's folder in the GitOps repository, which a person changes there."""

    def __init__(self, suite, app):
        self._suite = suite
        self.tree = suite.work / "desired"
        suite.git(suite.work, "clone", "-q", f"{suite.git_url}/gitops/desired.git", self.tree)
        self._folder = self.tree / "demo" / app / "dev"

    def write(self, app, objects):
        self._suite.git(self.tree, "pull", "-q", "--rebase")
        for file in self._folder.iterdir():
            file.unlink()
        (self._folder / "app.yaml").write_text("---\n".join(json.dumps(each) + "\n" for each in objects))

    def push(self, message):
        self._suite.git(self.tree, "add", "-A")
        self._suite.git(self.tree, "commit", "-q", "-m", message)
        for attempt in range(20):
            try:
                return self._suite.git(self.tree, "push", "-q")
            except AssertionError:  # Slipway was faster
                if attempt == 19:
                    raise
                self._suite.git(self.tree, "pull", "-q", "--rebase")


def keep_syncing(suite, repository, count, stop, rounds):
    """Changes all apps of a repository, again as soon as all are live, until `stop`."""
    while not stop.is_set():
        for app in on_kubernetes.names(count):
            repository.write(app, [config_map(app, "dev", f"round {len(rounds)}")])
        repository.push(f"round {len(rounds)}")
        started = time.monotonic()
        server = on_kubernetes.Server(suite.root / "kubeconfig")
        last = on_kubernetes.names(count)[-1]
        while not stop.wait(0.5) and server.call("GET", f"{LIVE}/{last}")["data"]["text"] != f"round {len(rounds)}":
            pass
        server.close()
        rounds.append(time.monotonic() - started)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commits", type=int, default=100)
    parser.add_argument("--apps", type=int, default=1000)
    arguments = parser.parse_args()
    suite, _ = on_kubernetes.start()
    repository = on_kubernetes.Repository(suite, "bench-commit")
    app = "commits"
    repository.write(app, [config_map(app, "dev")])
    repository.push("first")
    follower = Follower(suite, app)
    repository.define(app)
    follower.when("0")
    synced = commits(suite, repository, app, follower, range(1, arguments.commits + 4))[3:]
    desired = Desired(suite, app)
    quiet = commits(suite, desired, app, follower, range(10000, 10000 + arguments.commits + 3))[3:]

    many, _ = on_kubernetes.deploy(suite, arguments.apps, lambda app, namespace: [config_map(app, namespace)])
    stop, rounds = threading.Event(), []
    crowd = threading.Thread(target=keep_syncing, args=(suite, on_kubernetes.Repository(suite), arguments.apps, stop, rounds))
    crowd.start()
    busy = commits(suite, desired, app, follower, range(20000, 20000 + arguments.commits))
    stop.set()
    crowd.join()
    suite.close()
    bench.table([("to a synced app, rendered into a second commit, p50", bench.milliseconds(bench.percentile(synced, 50))),
                 ("the same, p99", bench.milliseconds(bench.percentile(synced, 99))),
                 (f"{arguments.apps} apps healthy", bench.milliseconds(many)), ("rounds of all of them meanwhile", len(rounds)),
                 ("busy, p50", bench.milliseconds(bench.percentile(busy, 50)))])
    p50, p99, busy_p99 = bench.percentile(quiet, 50), bench.percentile(quiet, 99), bench.percentile(busy, 99)
    return 0 if bench.verdict([
        ("commit to applied, p50", bench.milliseconds(P50), bench.milliseconds(p50), p50 <= P50),
        ("commit to applied, p99", bench.milliseconds(P99), bench.milliseconds(p99), p99 <= P99),
        (f"with {arguments.apps} apps syncing, p99", bench.milliseconds(BUSY_P99), bench.milliseconds(busy_p99), busy_p99 <= BUSY_P99)]) else 1


if __name__ == "__main__":
    sys.exit(main())
