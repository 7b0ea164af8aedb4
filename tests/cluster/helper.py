"""The test cluster as Python tests see it: kubeconfigs, kubectl, a namespace per test, and the proxy with faults.

    cluster = helper.Cluster()                       # the one that ctest started
    with cluster.namespace() as namespace:
        namespace.apply(manifest)
        namespace.wait("deployment/api", "condition=Available")
"""

import contextlib
import json
import os
import pathlib
import secrets
import select
import subprocess
import tempfile
import urllib.parse
import urllib.request


class Cluster:
    """A running cluster in its folder."""

    def __init__(self, folder=None):
        folder = folder or os.environ.get("SLIPWAY_TEST_CLUSTER")
        if not folder or not (pathlib.Path(folder) / "ready").exists():
            raise RuntimeError(f"no cluster runs in {folder}: run the test by ctest, which starts it")
        self.folder = pathlib.Path(folder)

    def kubeconfig(self, user="admin"):
        """The file of "admin", "slipway" or "restricted"."""
        return self.folder / ("kubeconfig" if user == "admin" else f"kubeconfig-{user}")

    def kubectl(self, *arguments, stdin="", check=True):
        """What kubectl prints; with check=False also when it fails, with its errors."""
        done = subprocess.run([self.folder / "bin/kubectl", f"--kubeconfig={self.kubeconfig()}",
                               f"--cache-dir={self.folder}/kubectl-cache", *arguments],
                              input=stdin, capture_output=True, text=True, timeout=120, check=False)
        if check and done.returncode != 0:
            raise AssertionError(f"kubectl {' '.join(arguments)}: {done.stderr}")
        return done.stdout if done.returncode == 0 else done.stdout + done.stderr

    @contextlib.contextmanager
    def namespace(self):
        """A namespace of its own that is deleted at the end, without waiting for it."""
        name = "t-" + secrets.token_hex(6)
        self.kubectl("create", "namespace", name)
        try:
            yield Namespace(self, name)
        finally:
            self.kubectl("delete", "namespace", name, "--wait=false", check=False)


class Namespace:
    """One test's namespace."""

    def __init__(self, cluster, name):
        self.cluster, self.name = cluster, name
        self.kubectl("wait", "--for=create", "serviceaccount/default", "--timeout=20s")

    def kubectl(self, *arguments, stdin="", check=True):
        """As Cluster.kubectl, in this namespace."""
        return self.cluster.kubectl(f"--namespace={self.name}", *arguments, stdin=stdin, check=check)

    def apply(self, manifest):
        """Applies YAML text or an object."""
        text = manifest if isinstance(manifest, str) else json.dumps(manifest)
        self.kubectl("apply", "--server-side", "--field-manager=test", "-f", "-", stdin=text)

    def get(self, kind, name):
        """The object, or None."""
        text = self.kubectl("get", kind, name, "--ignore-not-found", "--show-managed-fields", "-o", "json")
        return json.loads(text) if text else None

    def wait(self, what, condition, seconds=20):
        """kubectl wait; AssertionError when it did not come true in time."""
        self.kubectl("wait", what, f"--for={condition}", f"--timeout={seconds}s")


class FaultProxy:
    """`cluster proxy` in front of a cluster's server, as a context manager. Rules: tests/cluster/README.md."""

    def __init__(self, cluster, user="slipway", plain=False, seed=1):
        self._folder = tempfile.TemporaryDirectory(prefix="fault-proxy-")
        self.kubeconfig = pathlib.Path(self._folder.name) / "kubeconfig"
        self._process = subprocess.Popen(
            [cluster.folder / "bin/cluster", "proxy", f"--kubeconfig={cluster.kubeconfig(user)}", f"--out={self.kubeconfig}",
             f"--seed={seed}", f"--owner={os.getpid()}", *(["--plain"] if plain else [])],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        select.select([self._process.stdout], [], [], 20)
        said = json.loads(self._process.stdout.readline())
        self.url, self._control = said["url"], said["control"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        self._folder.cleanup()

    def control(self, method, path, body=None, **query):
        """One call of the control endpoint."""
        url = f"{self._control}{path}?{urllib.parse.urlencode(query)}"
        request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def add(self, **rule):
        """Puts a rule behind those in force: add(verb="patch", times=2, answer={"status": 503})."""
        self.control("POST", "/rules", rule)

    def clear(self):
        """Removes all rules."""
        self.control("DELETE", "/rules")

    def requests(self, **chosen):
        """What came: count, counts, last, peak, requests; chosen by verb, resource, namespace, method, path, since."""
        return self.control("GET", "/requests", **chosen)

    def interrupt(self, **chosen):
        """Ends matching requests in flight; their number."""
        return self.control("POST", "/interrupt", **chosen)["ended"]
