"""What must be true when the suite has come to rest again. Each finding is one sentence."""

import collections
import json
import os
import subprocess

from faults import load, view


def check(suite, pushers, counter, parts):
    """All findings; an empty list is what we want."""
    found = []
    deployments = []
    for pusher in pushers:
        runs = _runs(suite, pusher, found)
        _images(suite, pusher, runs, found)
        _attempts(pusher, runs, counter, parts, found)
        _deliveries(suite, pusher, runs, found)
        deployments += _deployments(suite, pusher, found)
        _log(pusher, runs, found)
    _commits(suite, deployments, found)
    _pods(suite, pushers, found)
    return found


def _number(name):
    return int(name.rsplit("/", 1)[1])


def _runs(suite, pusher, found):
    """Exactly one ended run of each workflow for each accepted push, and no others."""
    runs = view.listed(suite, f"/v1/{pusher.app.name}/workflows/-/runs", "runs")
    count = collections.Counter((run["name"].split("/")[5], run["commit"]) for run in runs)
    for workflow in pusher.workflows:
        for commit in pusher.accepted:
            if count.pop((workflow, commit), 0) != 1:
                found.append(f"{pusher.app.id}: accepted push {commit[:7]} has not exactly one run of {workflow}")
    for (workflow, commit), number in count.items():
        found.append(f"{pusher.app.id}: {number} runs of {workflow} for {commit[:7]}, which nobody pushed")
    for run in runs:
        if run["state"] not in view.FINAL_RUN:
            found.append(f"{run['name']} has not ended: {run['state']} {run['reason']}")
        elif run["state"] != "SUCCEEDED" and "runner" not in run["reason"]:
            last = "\n".join(pusher.app.log(run).splitlines()[-20:])
            found.append(f"{run['name']} {run['state']} although only parts were killed: {run['reason']}; its log ends:\n{last}")
    return runs


def _images(suite, pusher, runs, found):
    images = view.listed(suite, f"/v1/{pusher.app.name}/images", "images")
    count = collections.Counter(image["run"] for image in images)
    for run in runs:
        expected = 1 if run["state"] == "SUCCEEDED" else 0
        if count.pop(run["name"], 0) != expected:
            found.append(f"{run['name']} {run['state']} has not {expected} image records")
    for name in count:
        found.append(f"image record of {name}, which is no run")


def _attempts(pusher, runs, counter, parts, found):
    """A job ran again only if its runner died meanwhile; a step was executed once for each attempt at most."""
    for run in runs:
        full = pusher.suite.api("GET", "/v1/" + run["name"])
        job = full["jobs"][0]
        died = sum(name == "runner" and _seconds(run["createTime"]) - 1 <= when <= _seconds(run["endTime"]) + 1
                   for when, name in parts.kills)
        if job["attempt"] > 1 + died:
            found.append(f"{job['name']} has attempt {job['attempt']}, but its runner died {died} times")
        workflow, number = run["name"].split("/")[5], _number(run["name"])
        for attempt in range(1, job["attempt"] + 1):
            times = len(counter.seen.get(f"/{pusher.app.id}/{workflow}/{number}/{attempt}", []))
            ended = attempt == job["attempt"] and run["state"] == "SUCCEEDED"
            if times > 1 or (ended and times != 1):
                found.append(f"{run['name']} executed its step {times} times in attempt {attempt}")


def _seconds(text):
    import datetime
    return datetime.datetime.fromisoformat(text[:19] + "+00:00").timestamp()


def _deliveries(suite, pusher, runs, found):
    """One delivery for each push, and each says what it started."""
    deliveries = view.listed(suite, f"/v1/deliveries?app={pusher.app.name}", "deliveries")
    count = collections.Counter(delivery["commit"] for delivery in deliveries)
    for commit in pusher.accepted:
        if count[commit] != 1:
            found.append(f"{pusher.app.id}: {count[commit]} deliveries for the push of {commit[:7]}")
    names = {run["name"] for run in runs}
    for delivery in deliveries:
        started = {match["run"] for match in delivery["matches"]}
        if delivery["state"] != "PROCESSED" or not started <= names or len(started) != len(pusher.workflows):
            found.append(f"{delivery['name']} of {pusher.app.id}: {delivery['state']}, {delivery['outcome']}, {sorted(started)}")


def _deployments(suite, pusher, found):
    """All at rest, with the truth; the newest runs and answers."""
    deployments = view.listed(suite, f"/v1/{pusher.app.name}/environments/dev/deployments", "deployments")
    deployments.sort(key=lambda deployment: -_number(deployment["name"]))
    for deployment in deployments:
        status = deployment["status"]
        if status["state"] not in view.FINAL_DEPLOYMENT:
            found.append(f"{deployment['name']} has not ended: {status['state']} {status['reason']}")
        elif status["state"] in ("FAILED", "UNHEALTHY"):
            found.append(f"{deployment['name']} {status['state']} although only parts were killed: {status['reason']}")
    images = collections.Counter(deployment["status"]["imageName"] for deployment in deployments)
    for name, number in images.items():
        if number > 1:
            found.append(f"{name} was deployed {number} times")
    newest = deployments[0]["status"] if deployments else {}
    if newest.get("state") != "HEALTHY" or newest.get("sourceCommit") != pusher.accepted[-1]:
        found.append(f"{pusher.app.id}: the newest deployment is {newest.get('state')} of {newest.get('sourceCommit', '')[:7]}, "
                     f"the newest commit {pusher.accepted[-1][:7]}")
    else:
        page = pusher.app.answer().strip()
        if page != pusher.page():
            found.append(f"{pusher.app.id} answers {page!r}, not {pusher.page()!r}")
    return deployments


def _commits(suite, deployments, found):
    """One commit in the GitOps repository for each deployment that says it has one, none for others."""
    clone = suite.work / "desired"
    suite.git(suite.work, "clone", "-q", f"{suite.git_url}/gitops/desired.git", str(clone))
    log = suite.git(clone, "log", "--format=%H %(trailers:key=Slipway-Deployment,valueonly,separator=%x20)")
    commits = collections.defaultdict(list)
    for line in log.splitlines():
        commit, _, name = line.partition(" ")
        if name.strip():
            commits[name.strip()].append(commit)
    for deployment in deployments:
        made = commits.pop(deployment["name"], [])
        said = deployment["status"]["commit"]
        if len(made) > 1 or (said and made != [said]):
            found.append(f"{deployment['name']} {deployment['status']['state']} says commit {said[:7]!r}; the repository has {made}")


def _log(pusher, runs, found):
    """Each line of a step stands in its log once, in order, whatever died meanwhile: looked at in the newest runs."""

    newest = sorted((run for run in runs if run["state"] == "SUCCEEDED"), key=lambda run: run["createTime"])[-5:]
    for run in newest:
        attempt = pusher.suite.api("GET", "/v1/" + run["name"])["jobs"][0]["attempt"]
        lines = [line for line in pusher.app.log(run).splitlines() if line.startswith("line ")]
        if lines != [f"line {i + 1} of attempt {attempt}" for i in range(load.LOG_LINES)]:
            found.append(f"the log of {run['name']} has {len(lines)} of {load.LOG_LINES} lines, or not in order")


def _pods(suite, pushers, found):
    containers = (suite.root / "data").resolve() / "containers"
    env = {**os.environ, "CONTAINERS_CONF": str(containers / "containers.conf"),
           "CONTAINERS_STORAGE_CONF": str(containers / "storage.conf"),
           "CONTAINERS_REGISTRIES_CONF": str(containers / "registries.conf")}
    out = subprocess.run(["podman", "pod", "ps", "--format", "json"], env=env, capture_output=True, text=True, timeout=60, check=True)
    names = [pod["Name"] for pod in json.loads(out.stdout)]
    for pusher in pushers:
        mine = [name for name in names if pusher.app.id in name]
        if len(mine) != 1:
            found.append(f"{pusher.app.id} has the pods {mine} instead of one")
