"""Follows one push through the suite over REST and prints each part as it ends: `demo_follow.py COMMIT`.
With --current before it: shows what runs now, and follows the push only if nothing does.

Takes SLIPWAY_URL, SLIPWAY_TOKEN, SLIPWAY_CLI (how its reader calls the command line) and SENDER_LOG (the log of slipway-push-sender)
from the environment. Exit code 1 with one line that says what failed and what to ask.
"""

import datetime
import json
import os
import sys
import time
import urllib.error
import urllib.request

URL = os.environ["SLIPWAY_URL"]
CLI = os.environ.get("SLIPWAY_CLI", "slipway")
WORKFLOW = "projects/demo/apps/hello/workflows/main"
ENVIRONMENT = "projects/demo/apps/hello/environments/dev"
ENDED = ("SUCCEEDED", "FAILED", "CANCELLED", "SKIPPED")
DEPLOYED = ("HEALTHY", "UNHEALTHY", "FAILED", "SUPERSEDED")
WORDS = {"SUCCEEDED": "passed", "FAILED": "failed", "CANCELLED": "cancelled", "SKIPPED": "skipped"}


def fail(text):
    sys.exit(f"tools/up: {text}")


def ask(path, timeout):
    request = urllib.request.Request(f"{URL}/v1/{path}")
    request.add_header("Authorization", f"Bearer {os.environ['SLIPWAY_TOKEN']}")
    return urllib.request.urlopen(request, timeout=timeout)


def get(path):
    with ask(path, 10) as answer:
        return json.load(answer)


def watch(name, ended):
    """What `name` is once `ended` says so of it: the suite sends it with each change. None if the stream breaks off."""
    with ask(f"{name}:watch", 60) as stream:
        for line in stream:
            thing = json.loads(line)
            if ended(thing):
                return thing
    return None


def wait_for(seconds, read):
    """What `read` returns as soon as it returns something; None when the time is over. For what can't be watched yet."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            found = read()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            found = None
        if found:
            return found
        time.sleep(0.05)
    return None


def at(text):
    """Seconds since 1970 of an RFC 3339 time; Python before 3.11 knows at most six digits of a second and no Z."""
    head, _, fraction = text.rstrip("Z").partition(".")
    moment = datetime.datetime.fromisoformat(head).replace(tzinfo=datetime.timezone.utc)
    return moment.timestamp() + float("0." + (fraction or "0"))


def seconds(thing, begin, end):
    if not thing.get(begin) or not thing.get(end):
        return ""
    return f"{at(thing[end]) - at(thing[begin]):.1f} s"


def show(name, text):
    print(f"  {name:<13} {text}", flush=True)


def delivery_of(commit):
    for delivery in get("deliveries?pageSize=50").get("deliveries", []):
        if delivery.get("commit") == commit and delivery.get("state") in ("PROCESSED", "QUARANTINED"):
            return delivery
    return None


def accepted_after(delivery):
    """How long after the start of post-receive the sender had the answer, from the sender's log."""
    try:
        with open(os.environ["SENDER_LOG"], encoding="utf-8") as log:
            for line in log:
                if '"push.delivered"' in line and delivery.get("forgeId", "?") in line:
                    return f" in {json.loads(line)['since_push_us'] / 1000:.0f} ms"
    except (OSError, ValueError, KeyError):
        pass
    return ""


def ended_run(name):
    return watch(name, lambda run: run.get("state") in ENDED)


def ended_deployment(run):
    for deployment in get(f"{ENVIRONMENT}/deployments?pageSize=20").get("deployments", []):
        if deployment.get("status", {}).get("run") == run["name"]:
            return watch(deployment["name"], lambda d: d.get("status", {}).get("state") in DEPLOYED)
    return None


def show_run(run):
    parts = run["name"].split("/")
    show("run", f"{parts[1]}/{parts[3]}/{parts[5]}#{parts[7]}")
    stage = ""
    for job in run.get("jobs", []):
        for step in job.get("steps", []):
            if not step.get("stage"):
                continue
            shown = step["stage"] if step["stage"] != stage else ""
            stage = step["stage"]
            image = run.get("image", "") if stage == "build" else ""
            state = WORDS.get(step.get("state"), step.get("state", "").lower())
            print(f"    {shown:<11} {step['name']:<16} {state:<8} {seconds(step, 'startTime', 'endTime'):<7} {image}".rstrip())


def follow(commit):
    delivery = wait_for(20, lambda: delivery_of(commit))
    if not delivery:
        fail(f"the push did not arrive at the suite; see {CLI} deliveries")
    delivery_id = delivery["name"].split("/")[1]
    show("webhook", f"accepted{accepted_after(delivery)}, delivery {delivery_id}")
    run_name = next((m["run"] for m in delivery.get("matches", []) if m.get("run")), "")
    if not run_name:
        fail(f"the push started nothing: {delivery.get('outcome')}; ask {CLI} why delivery {delivery_id}")

    run = wait_for(300, lambda: ended_run(run_name))
    if not run:
        fail(f"the run has not ended after 5 minutes; ask {CLI} timeline hello")
    show_run(run)
    if run["state"] != "SUCCEEDED":
        fail(f"the run ended {run['state']}: {run.get('reason')}; ask {CLI} logs hello")

    deployment = wait_for(330, lambda: ended_deployment(run))
    if not deployment:
        fail(f"the deployment has not ended after 5 minutes; ask {CLI} timeline hello")
    show_deployment(deployment)
    if deployment["status"]["state"] != "HEALTHY":
        status = deployment["status"]
        fail(f"the deployment is {status['state']}: {status.get('reason')}; ask {CLI} why deployment hello/dev")


def show_deployment(deployment):
    status = deployment["status"]
    digest = status.get("image", "").rpartition("@")[2]
    show("gitops", f"commit {status.get('commit', '')[:7]}   demo/hello/dev: image {digest[:19]}")
    took = seconds(deployment, "createTime", "endTime")
    show("deployment", f"dev              {status['state'].lower():<8} {took}")
    if status.get("url"):
        show_answer(status["url"])


def show_answer(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            show("answer", f"GET {url} -> {answer.status} \"{answer.read().decode().strip()}\"")
    except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
        show("answer", f"GET {url} -> {error}")


def current():
    for deployment in get(f"{ENVIRONMENT}/deployments?pageSize=20").get("deployments", []):
        if deployment.get("status", {}).get("current") and deployment["status"].get("state") == "HEALTHY":
            return deployment
    return None


if __name__ == "__main__":
    running = wait_for(1, current) if sys.argv[1] == "--current" else None
    if running:
        # After a start the app comes back from the GitOps repository: its answer may take a moment. On a cluster none is given.
        if running["status"].get("url"):
            wait_for(20, lambda: urllib.request.urlopen(running["status"]["url"], timeout=2))
        show_deployment(running)
    else:
        follow(sys.argv[-1])
