"""The suite as the end-to-end tests see it: REST, git and the CLI, with the credentials of ROOT/env.

`suite.py start` and `suite.py stop` are the ctest fixture around all tests of this folder.
"""

import base64
import hashlib
import json
import os
import pathlib
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

SOURCE = pathlib.Path(os.environ.get("SLIPWAY_SOURCE_DIR", pathlib.Path(__file__).resolve().parents[2]))
BIN = pathlib.Path(os.environ.get("SLIPWAY_BIN_DIR", SOURCE / "build/release/bin"))

# A Dockerfile and a program that need no compiler: busybox's web server, and a page that the push brings.
BUSYBOX_DOCKERFILE = """FROM scratch
COPY busybox /busybox
COPY www /www
ENTRYPOINT ["/busybox", "httpd", "-f", "-p", "8080", "-h", "/www"]
"""


def own_root(name):
    """The root of a suite that one test starts: below tools/test's folder, else one for each build folder."""
    base = os.environ.get("SLIPWAY_TEST_ROOT")
    key = hashlib.sha256(str(BIN).encode()).hexdigest()[:8]
    return pathlib.Path(base) / name if base else pathlib.Path("/tmp") / f"slipway-{name}-{key}"


def root():
    """The root of the suite that the tests share."""
    if "SLIPWAY_E2E_ROOT" in os.environ:
        return pathlib.Path(os.environ["SLIPWAY_E2E_ROOT"])
    return own_root("e2e")


class ApiError(Exception):
    """An answer other than 2xx, with its code and the error's members."""

    def __init__(self, code, body):
        super().__init__(f"{code}: {body}")
        self.code = code
        self.body = body
        try:
            self.error = json.loads(body)["error"]
        except (ValueError, KeyError, TypeError):
            self.error = {}
        self.message = self.error.get("message", body)


class Suite:
    """A running suite. Tests make apps of their own in it, so they may run side by side."""

    def __init__(self, folder=None):
        self.root = pathlib.Path(folder or root())
        self.env = dict(os.environ)
        for line in (self.root / "env").read_text().splitlines():
            name, _, value = line.removeprefix("export ").partition("=")
            self.env[name] = value.strip("'")
        self.env["SLIPWAY_PROJECT"] = "demo"
        self.url = self.env["SLIPWAY_URL"]
        self.token = self.env["SLIPWAY_TOKEN"]
        self.git_url = self.env["SLIPWAY_GIT_URL"]
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="slipway-e2e-work-"))

    def close(self):
        shutil.rmtree(self.work, ignore_errors=True)

    # REST -------------------------------------------------------------------------------------------------------------

    def request(self, method, path, body=None, token=None, headers=None, timeout=30):
        """The raw answer of the gateway: (status, headers, bytes)."""
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        token = self.token if token is None else token
        if token:
            request.add_header("Authorization", "Bearer " + token)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()

    def api(self, method, path, body=None, token=None):
        """The JSON of a 2xx answer; ApiError for any other."""
        status, _, data = self.request(method, path, body, token)
        if not 200 <= status < 300:
            raise ApiError(status, data.decode(errors="replace"))
        return json.loads(data)

    def put(self, name, spec):
        """Creates or changes the resource `name`."""
        return self.api("PATCH", f"/v1/{name}?allowMissing=true", {"spec": spec})

    # CLI --------------------------------------------------------------------------------------------------------------

    def cli(self, *arguments, code=0, stdin=""):
        """Runs ./slipway; its output. Another exit code than `code` is an error."""
        done = subprocess.run([BIN / "slipway", *arguments], env=self.env, input=stdin, capture_output=True, text=True,
                              timeout=180, check=False)
        if done.returncode != code:
            raise AssertionError(f"slipway {' '.join(arguments)}: exit {done.returncode}, expected {code}\n"
                                 f"{done.stdout}{done.stderr}")
        return done.stdout if code == 0 else done.stdout + done.stderr

    # Waiting ----------------------------------------------------------------------------------------------------------

    @staticmethod
    def until(probe, what, seconds=60):
        """Calls `probe` until it gives something true, and returns that. Fails after `seconds`."""
        end = time.monotonic() + seconds
        pause = threading.Event()
        last = None
        while time.monotonic() < end:
            last = probe()
            if last:
                return last
            pause.wait(0.05)
        raise AssertionError(f"waited {seconds} s in vain: {what}; last: {last!r}")

    # Git --------------------------------------------------------------------------------------------------------------

    def git(self, folder, *arguments):
        identity = {"GIT_AUTHOR_NAME": "Test", "GIT_AUTHOR_EMAIL": "test@example.com", "GIT_COMMITTER_NAME": "Test",
                    "GIT_COMMITTER_EMAIL": "test@example.com", "GIT_TERMINAL_PROMPT": "0"}
        done = subprocess.run(["git", *arguments], cwd=folder, env={**self.env, **identity}, capture_output=True, text=True,
                              timeout=120, check=False)
        if done.returncode != 0:
            raise AssertionError(f"git {' '.join(arguments)}: {done.stderr}")
        return done.stdout.strip()


class App:
    """An app of one test with a repository of its own, built from busybox unless the test writes other files."""

    def __init__(self, suite, prefix="app"):
        self.suite = suite
        self.id = f"{prefix}-{secrets.token_hex(4)}"
        self.name = f"projects/demo/apps/{self.id}"
        self.repository = f"{suite.git_url}/demo/{self.id}.git"
        self.folder = suite.work / self.id
        self.folder.mkdir()
        suite.git(self.folder, "init", "-q", "-b", "main")
        suite.git(self.folder, "remote", "add", "origin", self.repository)

    def define(self, workflow=None, deploy=None, name="main", environments=("dev",), **build):
        """Saves app and workflow; keywords replace members of the build source."""
        self.suite.put(self.name, {
            "repositories": [{"name": "source", "url": self.repository, "account": "local"}],
            "deploy": deploy or {"port": 8080, "healthPath": "/index.html"}})
        source = {"from": {"branch": "main"}, "preBuild": [{"name": "prepare", "shell": {"script": "cp /usr/bin/busybox busybox"}}],
                  "image": {"repository": f"demo/{self.id}"}}
        source.update(build)
        pipelines = []
        for environment in environments:
            pipelines.append({"environment": environment, "trigger": "AUTOMATIC" if environment == "dev" else "MANUAL",
                              **({} if environment == "dev" else {"after": "dev"})})
        self.suite.put(f"{self.name}/workflows/{name}", workflow or {"source": {"build": source}, "deploymentPipelines": pipelines})

    def push(self, text, files=None, branch="main", force=False):
        """Commits the page `text` (and other files) and pushes; the commit."""
        contents = {"Dockerfile": BUSYBOX_DOCKERFILE, "www/index.html": text, **(files or {})}
        if self.suite.git(self.folder, "branch", "--show-current") != branch:
            self.suite.git(self.folder, "checkout", "-q", "-B", branch)
        for path, content in contents.items():
            if content is None:
                (self.folder / path).unlink(missing_ok=True)
                continue
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_text(content)
        self.suite.git(self.folder, "add", "-A")
        self.suite.git(self.folder, "commit", "-q", "--allow-empty", "-m", f"page says {text[:40]}")
        self.suite.git(self.folder, "push", "-q", *(["-f"] if force else []), "origin", f"HEAD:{branch}")
        return self.suite.git(self.folder, "rev-parse", "HEAD")

    def runs(self, workflow="-"):
        return self.suite.api("GET", f"/v1/{self.name}/workflows/{workflow}/runs")["runs"]

    def run_of(self, commit, workflow="-", seconds=60):
        """The run of a commit when it has ended."""
        def ended():
            for run in self.runs(workflow):
                if run["commit"] == commit and run["state"] in ("SUCCEEDED", "FAILED", "CANCELLED"):
                    return self.suite.api("GET", "/v1/" + run["name"])
            return None
        return self.suite.until(ended, f"run of {commit[:7]} of {self.id} to end: {self.runs()}", seconds)

    def deployment(self, environment="dev"):
        try:
            return self.suite.api("GET", f"/v1/{self.name}/environments/{environment}/deployments/latest")
        except ApiError as error:
            if error.code == 404:
                return None
            raise

    def healthy(self, commit, environment="dev", seconds=60):
        """The deployment of a commit when it is healthy."""
        def arrived():
            deployment = self.deployment(environment)
            status = deployment["status"] if deployment else {}
            if status.get("sourceCommit") == commit and status["state"] in ("UNHEALTHY", "FAILED"):
                raise AssertionError(f"{environment} of {self.id}: {status}")
            return deployment if status.get("sourceCommit") == commit and status["state"] == "HEALTHY" else None
        return self.suite.until(arrived, f"{commit[:7]} of {self.id} healthy in {environment}: {self.deployment(environment)}", seconds)

    def answer(self, environment="dev", path="/"):
        """What the running app says over HTTP."""
        url = self.deployment(environment)["status"]["url"].rstrip("/") + path
        with urllib.request.urlopen(url, timeout=10) as response:
            return response.read().decode()

    def log(self, run, job="build"):
        """What the job has written so far (without following)."""
        data = self.suite.request("GET", f"/v1/{run['name']}/jobs/{job}/log", headers={"Accept": "application/x-ndjson"})[2]
        text = ""
        for line in data.decode().splitlines():
            chunk = json.loads(line)
            text += chunk.get("result", chunk).get("text", "")
        return text

    def delete(self):
        """Takes the app away in order; one that is gone, or is just going, is fine."""
        suite = self.suite
        try:
            workflows = suite.api("GET", f"/v1/{self.name}/workflows")["workflows"]
        except ApiError:
            return
        for workflow in workflows:
            for pipeline in reversed(workflow["spec"].get("deploymentPipelines", [])):
                suite.api("DELETE", f"/v1/{workflow['name']}/deploymentPipelines/{pipeline['environment']}")
                suite.until(lambda name=workflow["name"], env=pipeline["environment"]: env not in [
                    p["environment"] for p in suite.api("GET", "/v1/" + name)["spec"].get("deploymentPipelines", [])],
                    f"deployment pipeline {pipeline['environment']} of {self.id} to go")
            suite.api("DELETE", "/v1/" + workflow["name"])
        try:
            suite.api("DELETE", "/v1/" + self.name)
        except ApiError as error:
            if error.code != 404:
                raise


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def start():
    folder = root()
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run([SOURCE / "tools/up", "--no-build", "--no-demo", "--root", folder], check=True, timeout=170)


def stop():
    subprocess.run([SOURCE / "tools/down", "--root", root(), "--purge"], check=True, timeout=110)


if __name__ == "__main__":
    {"start": start, "stop": stop}[sys.argv[1]]()
