"""What the benches on Kubernetes share: the suite's cluster, and apps in one repository that are only synced to it."""

import base64
import concurrent.futures
import http.client
import json
import re
import socket
import ssl
import subprocess
import threading
import time

import bench


def start():
    """The suite with a cluster, and its API server, where the namespace of the environment dev is."""
    root = bench.suite().root
    subprocess.run([bench.e2e.SOURCE / "tools/up", "--no-build", "--no-demo", "--kubernetes", "--root", root], check=True,
                   stdout=subprocess.DEVNULL, timeout=170)
    suite = bench.suite()
    server = Server(suite.root / "kubeconfig")
    server.make_namespace("dev")
    return suite, server


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

    def stream(self, path):
        """The lines of an answer that goes on; nothing else goes over this connection meanwhile."""
        self._connection.timeout = None
        self._connection.request("GET", path, headers={"Authorization": "Bearer " + self._token})
        return self._connection.getresponse()

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


def names(count):
    return [f"bench-{number:05}" for number in range(count)]


class Repository:
    """One repository with the manifests of all apps, a folder each."""

    def __init__(self, suite, name="bench-apps"):
        self.suite = suite
        self.url = f"{suite.git_url}/demo/{name}.git"
        self.tree = suite.work / name
        if not self.tree.exists():
            self.tree.mkdir()
            suite.git(self.tree, "init", "-q", "-b", "main")

    def write(self, app, objects):
        (self.tree / app).mkdir(exist_ok=True)
        (self.tree / app / "app.yaml").write_text("---\n".join(json.dumps(each) + "\n" for each in objects))

    def begin(self):
        """Makes the repository, without the branch that the apps follow."""
        self.suite.git(self.tree, "commit", "-q", "--allow-empty", "-m", "begin")
        self.suite.git(self.tree, "push", "-q", "-f", self.url, "HEAD:refs/heads/begin")

    def push(self, message):
        self.suite.git(self.tree, "add", "-A")
        self.suite.git(self.tree, "commit", "-q", "-m", message)
        self.suite.git(self.tree, "push", "-q", "-f", self.url, "main")

    def define(self, app):
        self.suite.put(f"projects/demo/apps/{app}", {
            "repositories": [{"name": "source", "url": self.url, "account": "local"}],
            "deploy": {"path": app, "revision": "main"}, "environments": [{"environment": "dev"}]})


def deploy(suite, count, objects):
    """Seconds from the push of all manifests until all apps are healthy, and those that it took to define them before."""
    repository = Repository(suite)
    repository.begin()
    started = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(repository.define, names(count)))
    suite.until(lambda: unread(suite) >= count, "all apps to be followed", 60 + count / 20)
    defined = time.monotonic() - started
    for app in names(count):
        repository.write(app, objects(app, "dev"))
    started = time.monotonic()
    repository.push("apps")
    await_healthy(suite, count, started + 1800 + count / 2)
    return time.monotonic() - started, defined


def unread(suite):
    """How many apps are known to follow a branch that does not exist yet."""
    with open(suite.root / "data/log/gitops/current", encoding="utf-8") as log:
        return len({json.loads(line)["environment"] for line in log if '"synced.look_failed"' in line and "/apps/bench-" in line})


def await_healthy(suite, count, deadline):
    """Waits by a counter of gitops, which costs the two processors nothing; then asks for the deployments."""
    pause = threading.Event()
    counted = 0
    while counted < count or healthy(suite, count) < count:
        if time.monotonic() > deadline:
            raise RuntimeError(f"the time is over and {healthy(suite, count)} of {count} apps are healthy")
        pause.wait(0.2)
        counted = int(re.search(r'slipway_deployments_total\{.*state="HEALTHY"\} (\d+)|$', metrics(suite))[1] or 0)


def metrics(suite):
    """The metrics of gitops."""
    connection = http.client.HTTPConnection("localhost", timeout=10)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str((suite.root / "run/gitops-admin.sock").resolve()))
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    return text


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
