#!/usr/bin/env python3
"""long: 1,000 apps of 4 objects on Kubernetes until all are healthy, beside a bare loop and kubectl; drift put back."""

import argparse
import base64
import concurrent.futures
import http.client
import json
import ssl
import subprocess
import sys
import threading
import time

import bench

IN_FLIGHT = (16, 32, 64)
DRIFTS = 100
OVER_LOOP = 1.3
DRIFT_P99 = 1.0


def objects(app, namespace):
    """What one app consists of: nothing that needs a node."""
    labels = {"app": app}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": app, "namespace": namespace}},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": app, "namespace": namespace},
         "spec": {"selector": labels, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": app, "namespace": namespace},
         "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": {
             "metadata": {"labels": labels},
             "spec": {"serviceAccountName": app, "containers": [{"name": "app", "image": "example.com/app:1"}]}}}},
        {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": app, "namespace": namespace},
         "spec": {"rules": [{"host": f"{app}.example.com", "http": {"paths": [
             {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": app, "port": {"name": "http"}}}}]}}]}}]


def names(count):
    return [f"bench-{number:05}" for number in range(count)]


class Server:
    """The API server, by one connection."""

    def __init__(self, kubeconfig):
        config = json.loads(kubeconfig.read_text())
        cluster = config["clusters"][0]["cluster"]
        tls = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        host, _, port = cluster["server"].removeprefix("https://").partition(":")
        self._connection = http.client.HTTPSConnection(host, int(port), context=tls, timeout=60)
        self._token = config["users"][0]["user"]["token"]

    def call(self, method, path, body=None, content_type="application/json"):
        self._connection.request(method, path, None if body is None else json.dumps(body),
                                 {"Authorization": "Bearer " + self._token, "Content-Type": content_type})
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= 300 and answer.status not in (404, 409):
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:300]}")
        return json.loads(text)

    def close(self):
        """The next call connects anew; the server ends a connection that rests for long."""
        self._connection.close()

    def make_namespace(self, name):
        self.call("POST", "/api/v1/namespaces", {"metadata": {"name": name}})

    def drop_namespace(self, name):
        """Deletes the namespace, and waits until it is gone, so that its end slows down nobody."""
        pause = threading.Event()
        while self.call("DELETE", f"/api/v1/namespaces/{name}").get("code") != 404:
            pause.wait(0.5)


def bare_loop(suite, server, count):
    """Seconds of the loop by requests in flight."""
    taken = {}
    for in_flight in IN_FLIGHT:
        namespace = f"loop-{in_flight}"
        server.make_namespace(namespace)
        lines = "\n".join(json.dumps(each) for app in names(count) for each in objects(app, namespace))
        done = subprocess.run([bench.e2e.BIN / "bench_apply_loop", suite.root / "kubeconfig", str(in_flight)], input=lines, text=True,
                              capture_output=True, check=True)
        taken[in_flight] = float(done.stdout)
        server.drop_namespace(namespace)
    return taken


def kubectl(suite, server, count):
    """Seconds of kubectl apply --server-side."""
    server.make_namespace("kubectl")
    text = "\n---\n".join(json.dumps(each) for app in names(count) for each in objects(app, "kubectl"))
    started = time.monotonic()
    subprocess.run([suite.root / "kubectl", f"--kubeconfig={suite.root / 'kubeconfig'}", "apply", "--server-side", "-f", "-"],
                   input=text, text=True, stdout=subprocess.DEVNULL, check=True)
    taken = time.monotonic() - started
    server.drop_namespace("kubectl")
    return taken


def healthy(suite, count):
    """How many of the bench's apps are healthy."""
    found, token = 0, ""
    while True:
        page = suite.api("GET", "/v1/projects/demo/apps/-/environments/dev/deployments?currentOnly=true&pageSize=500" +
                         (f"&pageToken={token}" if token else ""))
        found += sum(each["status"].get("state") == "HEALTHY" for each in page.get("deployments", []) if "/apps/bench-" in each["name"])
        token = page.get("nextPageToken", "")
        if not token or found >= count:
            return found


def engine(suite, count):
    """Seconds from the first app's definition until all are healthy, and until all were defined."""
    tree = suite.work / "apps"
    for app in names(count):
        (tree / app).mkdir(parents=True)
        (tree / app / "app.yaml").write_text("---\n".join(json.dumps(each) + "\n" for each in objects(app, "dev")))
    url = f"{suite.git_url}/demo/bench-apps.git"
    suite.git(tree, "init", "-q", "-b", "main")
    suite.git(tree, "add", "-A")
    suite.git(tree, "commit", "-q", "-m", "apps")
    suite.git(tree, "push", "-q", "-f", url, "main")

    def define(app):
        suite.put(f"projects/demo/apps/{app}", {
            "repositories": [{"name": "source", "url": url, "account": "local"}],
            "deploy": {"path": app, "revision": "main"}, "environments": [{"environment": "dev"}]})

    started = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(define, names(count)))
    defined = time.monotonic() - started
    pause = threading.Event()
    while healthy(suite, count) < count:
        if time.monotonic() - started > 1800:
            raise RuntimeError(f"after 30 minutes {healthy(suite, count)} of {count} apps are healthy")
        pause.wait(0.25)
    return time.monotonic() - started, defined


def drift(server, count):
    """Seconds until a foreign change of a Deployment is put back, one after the other."""
    server.close()
    taken = []
    pause = threading.Event()
    for number in range(DRIFTS):
        path = f"/apis/apps/v1/namespaces/dev/deployments/bench-{number % count:05}"
        container = {"name": "app", "image": f"example.com/foreign:{number}"}
        server.call("PATCH", path, {"spec": {"template": {"spec": {"containers": [container]}}}}, "application/strategic-merge-patch+json")
        started = time.monotonic()
        while server.call("GET", path)["spec"]["template"]["spec"]["containers"][0]["image"] != "example.com/app:1":
            if time.monotonic() - started > 60:
                raise RuntimeError(f"{path} was not put back within a minute")
            pause.wait(0.005)
        taken.append(time.monotonic() - started)
    return taken


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--apps", type=int, default=1000)
    count = parser.parse_args().apps
    root = bench.suite().root
    subprocess.run([bench.e2e.SOURCE / "tools/up", "--no-build", "--no-demo", "--kubernetes", "--root", root], check=True,
                   stdout=subprocess.DEVNULL, timeout=170)
    suite = bench.suite()
    server = Server(suite.root / "kubeconfig")
    server.make_namespace("dev")
    loops = bare_loop(suite, server, count)
    by_kubectl = kubectl(suite, server, count)
    taken, defined = engine(suite, count)
    times = drift(server, count)
    suite.close()
    best = min(loops.values())
    bench.table([(f"bare loop, {in_flight} in flight", bench.milliseconds(seconds)) for in_flight, seconds in loops.items()] +
                [("kubectl apply --server-side", bench.milliseconds(by_kubectl)), ("apps defined after", bench.milliseconds(defined)),
                 ("drift put back, p50", bench.milliseconds(bench.percentile(times, 50)))])
    p99 = bench.percentile(times, 99)
    return 0 if bench.verdict([
        (f"{count} apps of 4 objects healthy", f"{OVER_LOOP} x the loop: {bench.milliseconds(OVER_LOOP * best)}",
         f"{bench.milliseconds(taken)}, {taken / best:.2f} x", taken <= OVER_LOOP * best),
        ("drift put back, p99", bench.milliseconds(DRIFT_P99), bench.milliseconds(p99), p99 <= DRIFT_P99)]) else 1


if __name__ == "__main__":
    sys.exit(main())
