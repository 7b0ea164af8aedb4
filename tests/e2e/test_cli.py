"""The commands of every day, typed against a whole suite: what they do, print and answer."""

import json
import os
import subprocess
import unittest

import suite as e2e
from grpc_client import Service

# A step that hangs where the run says so.
MAYBE_HANG = 'echo "hang=$HANG"\nif [ -n "$HANG" ]; then tail -f /dev/null; fi\ncp /usr/bin/busybox busybox'


class Cli(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.suite = e2e.Suite()
        cls.cli = cls.suite.cli

    @classmethod
    def tearDownClass(cls):
        cls.suite.close()

    def new_app(self, **definition):
        app = e2e.App(self.suite)
        self.addCleanup(app.delete)
        app.define(**definition)
        return app

    def json(self, *arguments, code=0):
        return json.loads(self.cli(*arguments, "-o", "json", code=code))

    def manual(self, app, **build):
        return {"source": {"build": {"from": {"branch": "main"}, "trigger": "MANUAL", "image": {"repository": f"demo/{app.id}"},
                                     "preBuild": [{"name": "prepare", "shell": {"script": MAYBE_HANG}}], **build}},
                "deploymentPipelines": []}

    # Runs -----------------------------------------------------------------------------------------------------------------

    def test_logs_are_followed_live_and_runs_are_cancelled_and_retried(self):
        app = self.new_app(environments=())
        app.define(workflow=self.manual(app))
        commit = app.push("one")
        told = self.cli("run", f"{app.id}/main", "--var", "HANG=yes it does")
        self.assertRegex(told, rf"run demo/{app.id}/main#1  \w+  {commit[:7]}")
        follower = subprocess.Popen([e2e.BIN / "slipway", "logs", app.id, "-f"], env=self.suite.env, stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT, text=True)
        self.addCleanup(follower.stdout.close)
        self.addCleanup(follower.kill)
        # The line is there while the step hangs.
        for line in follower.stdout:
            if line == "hang=yes it does\n":
                break
        else:
            self.fail("the line was not there before the log ended")
        self.assertEqual(app.runs()[0]["state"], "RUNNING")
        refused = self.cli("retry", f"{app.id}/main#1", code=1)
        self.assertIn("slipway", refused)
        self.assertEqual(self.cli("runs", "--app", app.id, "--status", "running").count(f"demo/{app.id}/main#1"), 1)
        self.assertIn("is being cancelled", self.cli("cancel", f"{app.id}/main#1"))
        self.assertEqual(follower.wait(10), 0)
        self.assertEqual(app.run_of(commit)["state"], "CANCELLED")
        self.assertIn("cancelled", self.cli("why", "run", f"{app.id}/main#1"))
        # Another cancel has nothing to do and says so; a run that ended is repeated with the same variables.
        self.assertIn("cancelled", self.cli("cancel", f"{app.id}/main#1", code=1))
        self.assertIn(f"demo/{app.id}/main#2", self.cli("retry", f"{app.id}/main#1"))
        self.suite.until(lambda: "hang=yes it does" in self.cli("logs", f"{app.id}/main#2/prepare"), "the second run's line")
        self.cli("cancel", f"{app.id}/main#2")
        self.suite.until(lambda: app.runs()[0]["state"] == "CANCELLED", "the second run to end")
        # Without the variable it passes, and --wait says so.
        told = self.cli("run", f"{app.id}/main", "--wait")
        self.assertRegex(told, rf"  prepare +prepare +passed|  pre-build +prepare +passed")
        self.assertRegex(told, rf"run demo/{app.id}/main#3  passed .*@sha256:[0-9a-f]{{64}}")
        self.assertNotIn("\033", told)
        self.assertEqual(self.json("runs", "--app", app.id, "--status", "passed")[0]["name"], f"{app.name}/workflows/main/runs/3")

    def test_a_run_that_is_waited_for_fails_with_its_cause(self):
        app = self.new_app(environments=(), preBuild=[{"name": "check", "shell": {"script": "echo looked; exit 7"}}])
        app.run_of(app.push("one"))
        told = self.cli("run", f"demo/{app.id}/main", "--wait", code=1)
        self.assertIn("check", told)
        self.assertIn("exit code 7", told)
        self.assertIn(f"slipway logs demo/{app.id}/main#2", told)
        self.assertIn("looked\n", self.cli("logs", f"demo/{app.id}/main#2/check"))
        self.assertIn("exit code 7", self.cli("why", "job", f"{app.id}/main#2/build"))

    def test_commits_are_listed_and_chosen(self):
        app = self.new_app(environments=())
        app.define(workflow=self.manual(app, **{"from": {"branchRegex": "^(main|release/.*)$"}}))
        first = app.push("one")
        second = app.push("two")
        third = app.push("three", branch="release/1")
        listed = [commit["sha"] for commit in self.json("commits", app.id, "--ref", "main")]
        self.assertEqual(listed, [second, first])
        self.assertEqual(self.json("commits", app.id, "--ref", "release/1", "--limit", "1")[0]["sha"], third)
        table = self.cli("commits", f"demo/{app.id}", "--ref", "main")
        self.assertRegex(table, rf"(?m)^{second[:12]}  +\d+s  +\S.*page says two$")
        self.assertIn("no-such", self.cli("commits", app.id, "--ref", "no-such", code=3))
        self.assertEqual(self.json("run", f"{app.id}/main", "--ref", "main", "--commit", first[:8])["commit"], first)
        self.assertEqual(self.json("run", f"{app.id}/main", "--ref", "release/1")["commit"], third)
        self.assertIn("deadbeef", self.cli("run", f"{app.id}/main", "--ref", "main", "--commit", "deadbeef", code=3))

    def test_the_builders_cache_is_used_and_ignored(self):
        app = self.new_app(environments=())
        app.define(workflow=self.manual(app))
        app.push("one")
        self.cli("run", f"{app.id}/main", "--wait")
        self.cli("run", f"{app.id}/main", "--wait")
        self.assertIn("Using cache", self.cli("logs", f"{app.id}/main#2/image"))
        self.cli("run", f"{app.id}/main", "--ignore-cache", "--wait")
        self.assertNotIn("Using cache", self.cli("logs", f"{app.id}/main#3/image"))

    # Delivery -------------------------------------------------------------------------------------------------------------

    def test_a_delivery_is_explained_and_processed_again(self):
        app = self.new_app(environments=(), **{"from": {"branch": "other"}})
        commit = app.push("one")
        delivery = self.suite.until(lambda: next((d for d in self.json("deliveries", "--app", app.id)
                                                  if d["commit"] == commit and d["state"] == "PROCESSED"), None), "the delivery")
        name = delivery["name"].removeprefix("deliveries/")
        why = self.cli("why", "delivery", name)
        self.assertTrue(why.startswith("accepted, nothing started\n"), why)
        self.assertIn(f'demo/{app.id}/main  not started: branch "main" is not branch "other"', why)
        self.assertEqual(app.runs(), [])
        app.define(environments=())
        told = self.cli("redeliver", name)
        self.assertTrue(told.startswith("delivery "), told)
        self.assertEqual(app.run_of(commit)["state"], "SUCCEEDED")
        again = told.split()[1]
        self.assertIn(f"started demo/{app.id}/main#1: branch main", self.cli("why", "delivery", again))
        # The first one stays what it was, and the way goes from the second one on.
        self.assertEqual(self.cli("why", "delivery", name), why)
        timeline = self.cli("timeline", app.id)
        for words in ("redelivered by user:admin", "first log line"):
            self.assertIn(words, timeline)

    def test_rollback_takes_the_configuration_that_is_chosen(self):
        app = self.new_app()
        def save(greeting):
            app.define(deploy={"port": 8080, "healthPath": "/index.html", "env": {"GREETING": greeting}})
        def deployed():
            folder = self.suite.work / e2e.secrets.token_hex(4)
            self.suite.git(self.suite.work, "clone", "-q", "--depth", "1", f"{self.suite.git_url}/gitops/desired.git", str(folder))
            text = (folder / "demo" / app.id / "dev" / "deployment.yaml").read_text()
            return [word for word in ("first", "second", "third") if word in text]
        save("first")
        first = app.push("one")
        app.healthy(first)
        save("second")
        app.healthy(app.push("two"))
        save("third")
        self.assertEqual(deployed(), ["second"])
        for config, expected in (("deployed", "second"), ("saved", "third"), ("earlier", "first")):
            told = self.cli("rollback", f"{app.id}/dev", "--to", "1", "--config", config, "--wait")
            self.assertIn("  healthy  ", told)
            self.assertEqual(deployed(), [expected], config)
            self.assertEqual(app.deployment()["status"]["sourceCommit"], first)
        self.assertIn("pinned", self.cli("deployments", f"{app.id}/dev").lower())
        found = self.json("deployments", app.id, "--health", "running")
        self.assertEqual([each["name"] for each in found], [app.deployment()["name"]])
        self.assertEqual(self.json("deployments", app.id, "--status", "unhealthy"), [])
        self.assertIn("degraded", self.cli("deployments", "--health", "unwell", code=2))
        self.assertIn("#99", self.cli("rollback", f"{app.id}/dev", "--to", "99", code=3))
        status = self.json("get", "deployment", f"{app.id}/dev")["status"]
        for member in ("state", "url", "image", "commit"):
            self.assertTrue(status.get(member), member)
        self.assertIn("healthy", self.cli("why", "deployment", f"{app.id}/dev"))
        digest = self.json("images", app.id)[0]["digest"]
        self.assertIn(app.id, self.cli("why", "image", f"{app.id}/{digest}"))

    def test_deleting_asks_goes_in_order_and_names_what_hangs_on_it(self):
        app = self.new_app(environments=("dev", "prod"))
        told = self.cli("delete", "app", app.id, code=2)
        self.assertIn(f"--confirm {app.id}", told)
        for kind, name, hangs in (("app", app.id, "main"), ("workflow", f"{app.id}/main", "prod"),
                                  ("deployment-pipeline", f"{app.id}/dev", "prod")):
            told = self.cli("delete", kind, name, "--confirm", name, code=1)
            self.assertIn(hangs, told)
        for environment in ("prod", "dev"):
            name = f"{app.id}/{environment}"
            self.cli("delete", "deployment-pipeline", name, "--confirm", name)
            self.suite.until(lambda: environment not in self.cli("get", "workflow", f"{app.id}/main"), f"{name} to go")
        self.assertIn("deleted", self.cli("delete", "workflow", f"{app.id}/main", "--confirm", f"demo/{app.id}/main"))
        self.assertIn("delet", self.cli("delete", "app", app.id, "--confirm", app.id))
        self.suite.until(lambda: self.suite.request("GET", "/v1/" + app.name)[0] == 404, "the app to go")
        self.assertIn("is not there", self.cli("get", "app", app.id, code=3))

    # Definitions ----------------------------------------------------------------------------------------------------------

    def test_apply_takes_what_get_prints(self):
        app = self.new_app(environments=("dev", "prod"))
        names = [("project", "demo"), ("app", app.id), ("workflow", f"{app.id}/main"), ("cluster", "local"), ("environment", "dev"),
                 ("registry", "local"), ("git-account", "local"), ("hook", "local"), ("gitops-provider", "local")]
        for kind, name in names:
            manifest = self.cli("get", kind, name, "-o", "yaml")
            applied = self.cli("apply", "-f", "-", stdin=manifest)
            self.assertRegex(applied, r"^\S+ \S+ +unchanged\n$", manifest)
        # A whole kind is a file of several documents.
        self.assertIn("unchanged", self.cli("apply", "-f", "-", "--dry-run", stdin=self.cli("get", "environments", "-o", "yaml")))

    def test_the_example_applies_dry_and_wet(self):
        manifest = (e2e.SOURCE / "examples/hello/slipway.yaml").read_text()
        name = "hello-" + e2e.secrets.token_hex(4)
        manifest = manifest.replace("name: hello", f"name: {name}").replace("app: hello", f"app: {name}").replace("demo/hello", f"demo/{name}")
        app = f"projects/demo/apps/{name}"
        dry = self.cli("apply", "-f", "-", "--dry-run", stdin=manifest)
        self.assertEqual(dry.count("would be created"), 2, dry)
        self.assertEqual(self.suite.request("GET", "/v1/" + app)[0], 404)
        self.assertEqual(self.cli("apply", "-f", "-", stdin=manifest).count("  created"), 2)
        self.assertEqual(self.cli("apply", "-f", "-", stdin=manifest).count("  unchanged"), 2)
        # Leaving out a deployment pipeline is refused and names the way to delete it.
        lines = [line for line in manifest.splitlines() if "environment: prod" not in line]
        refused = self.cli("apply", "-f", "-", stdin="\n".join(lines) + "\n", code=2)
        self.assertIn(f"slipway delete deployment-pipeline {name}/prod", refused.replace("demo/", ""))
        for environment in ("prod", "dev"):
            self.cli("delete", "deployment-pipeline", f"{name}/{environment}", "--confirm", f"{name}/{environment}")
            self.suite.until(lambda: environment not in self.cli("get", "workflow", f"{name}/main"), f"{name}/{environment} to go")
        self.cli("delete", "workflow", f"{name}/main", "--confirm", f"{name}/main")
        self.cli("delete", "app", name, "--confirm", name)

    # Who and where --------------------------------------------------------------------------------------------------------

    def test_tokens_are_made_used_listed_and_revoked(self):
        app = self.new_app(environments=())
        app.push("one")
        name = "ci-" + e2e.secrets.token_hex(4)
        secret = self.cli("token", "create", name, "--role", "build-and-deploy", "--app", f"demo/{app.id}", "--expires", "90d").strip()
        self.assertRegex(secret, r"^swy_\S+$")
        listed = self.cli("token", "list")
        self.assertRegex(listed, rf"(?m)^{name} .*build and deploy on app demo/{app.id}")
        self.assertNotIn(secret, listed + self.cli("get", "token", name, "-o", "yaml"))
        own = {**self.suite.env, "SLIPWAY_TOKEN": secret}
        def call(*arguments):
            done = subprocess.run([e2e.BIN / "slipway", *arguments], env=own, capture_output=True, text=True, timeout=60, check=False)
            return done.returncode, done.stdout + done.stderr
        self.assertEqual(call("run", f"{app.id}/main")[0], 0)
        self.assertIn(f"build and deploy  on app demo/{app.id}", call("whoami")[1])
        code, told = call("token", "create", "more", "--role", "super-admin")
        self.assertEqual(code, 3, told)
        code, told = call("delete", "app", app.id, "--confirm", app.id)
        self.assertEqual(code, 3, told)
        self.assertEqual(self.cli("token", "revoke", name), f"token {name}  revoked\n")
        code, told = call("whoami")
        self.assertEqual(code, 3, told)
        self.assertIn("slipway login", told)

    def test_a_login_is_kept_used_and_ended(self):
        home = self.suite.work / "home"
        home.mkdir()
        own = {name: value for name, value in os.environ.items() if not name.startswith("SLIPWAY_")}
        own.update(HOME=str(home), XDG_CONFIG_HOME=str(home))
        password = (self.suite.root / "admin-password").read_text().strip()
        def call(*arguments, stdin=""):
            done = subprocess.run([e2e.BIN / "slipway", *arguments], env=own, cwd=home, input=stdin, capture_output=True, text=True,
                                  timeout=60, check=False)
            return done.returncode, done.stdout + done.stderr
        code, told = call("runs")
        self.assertEqual((code, "slipway login" in told), (3, True), told)
        code, told = call("login", self.suite.url, "--user", "admin", "--password-stdin", stdin="wrong\n")
        self.assertEqual((code, told), (3, "slipway: user or password is wrong\n"))
        code, told = call("login", self.suite.url, "--user", "admin", "--password-stdin", stdin=password + "\n")
        self.assertEqual(code, 0, told)
        self.assertEqual((home / "slipway/config").stat().st_mode & 0o777, 0o600)
        self.assertEqual(call("runs")[0], 2, "no project is chosen")
        self.assertEqual(call("use", "no-such-project")[0], 3)
        self.assertEqual(call("use", "demo")[0], 0)
        self.assertEqual(call("runs")[0], 0)
        self.assertIn("user admin at", call("whoami")[1])
        self.assertEqual(call("logout")[0], 0)
        self.assertEqual(call("whoami")[0], 3)

    # gRPC -----------------------------------------------------------------------------------------------------------------

    def test_each_service_is_reached_by_grpc_with_reflection_and_a_bearer_token(self):
        app = self.new_app(environments=())
        run = app.run_of(app.push("one"))
        questions = {
            "AUTH": ("WhoAmI", "", 'id: "'),
            "PIPELINE": ("GetApp", f'name: "{app.name}"', f'name: "{app.name}"'),
            "BUILD": ("TailLog", f'name: "{run["name"]}/jobs/build" follow: true', "offset"),
            "GITOPS": ("ListGitOpsProviders", "", 'name: "gitopsProviders/local"'),
            "TRIGGER": ("ListDeliveries", f'app: "{app.name}"', 'event: "push"'),
        }
        for name, (method, question, expected) in questions.items():
            socket = self.suite.env[f"SLIPWAY_{name}_SOCKET"]
            service = Service(socket, self.suite.token, self.suite.work)
            code, problem, answers = service.call(method, question)
            self.assertEqual(code, 0, f"{name}: {problem}")
            self.assertIn(expected, "".join(answers), name)
            service.token = "swy_" + "0" * 64
            self.assertEqual(service.call(method, question)[0], 16, name)


if __name__ == "__main__":
    unittest.main(verbosity=2)
