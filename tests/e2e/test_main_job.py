"""The main job: a push becomes a running, healthy workload, and every step can be seen and explained."""

import json
import unittest

import suite as e2e


class MainJob(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.suite = e2e.Suite()

    @classmethod
    def tearDownClass(cls):
        cls.suite.close()

    def new_app(self, **definition):
        app = e2e.App(self.suite)
        self.addCleanup(app.delete)
        app.define(**definition)
        return app

    def test_push_becomes_a_healthy_workload(self):
        app = self.new_app()
        commit = app.push("one")
        run = app.run_of(commit)
        self.assertEqual(run["state"], "SUCCEEDED", run)
        self.assertEqual([(s["name"], s["state"]) for s in run["jobs"][0]["steps"]], [("prepare", "SUCCEEDED"), ("image", "SUCCEEDED")])
        self.assertRegex(run["image"], r"@sha256:[0-9a-f]{64}$")
        deployment = app.healthy(commit)
        self.assertEqual(deployment["status"]["image"], run["image"])
        self.assertEqual(app.answer().strip(), "one")
        second = app.push("two")
        app.healthy(second)
        self.assertEqual(app.answer().strip(), "two")

    def test_one_commit_per_deployment_in_the_gitops_repository(self):
        app = self.new_app()
        app.healthy(app.push("one"))
        deployment = app.healthy(app.push("two"))
        clone = self.suite.work / "desired"
        self.suite.git(self.suite.work, "clone", "-q", f"{self.suite.git_url}/gitops/desired.git", str(clone))
        log = self.suite.git(clone, "log", "--format=%H", "--", f"demo/{app.id}/dev").split()
        self.assertEqual(len(log), 2)
        self.assertEqual(log[0], deployment["status"]["commit"])
        body = self.suite.git(clone, "show", "-s", "--format=%B", log[0])
        self.assertIn(deployment["status"]["image"], body)
        rendered = (clone / "demo" / app.id / "dev" / "deployment.yaml").read_text()
        self.assertIn(deployment["status"]["image"], rendered)

    def test_failing_tests_leave_the_running_version_and_say_why(self):
        app = self.new_app(preBuild=[{"name": "prepare", "shell": {"script": "cp /usr/bin/busybox busybox\n! grep -q bad www/index.html"}}])
        good = app.push("good")
        app.healthy(good)
        bad = app.push("bad")
        run = app.run_of(bad)
        self.assertEqual(run["state"], "FAILED")
        self.assertIn("prepare", run["reason"])
        self.assertEqual(app.deployment()["status"]["sourceCommit"], good)
        self.assertEqual(app.answer().strip(), "good")

    def test_prod_waits_for_a_person_and_gets_its_own_configuration(self):
        app = self.new_app(environments=("dev", "prod"))
        commit = app.push("one")
        app.healthy(commit)
        self.assertIsNone(app.deployment("prod"))
        self.suite.cli("deploy", f"{app.id}/prod", "--wait")
        self.assertEqual(app.deployment("prod")["status"]["sourceCommit"], commit)
        self.assertEqual(app.answer("prod").strip(), "one")

    def test_rollback_brings_the_earlier_version_back_and_pins_it(self):
        app = self.new_app()
        first = app.push("one")
        app.healthy(first)
        app.healthy(app.push("two"))
        self.suite.cli("rollback", f"{app.id}/dev", "--wait")
        rolled_back = app.deployment()["status"]
        self.assertEqual(rolled_back["sourceCommit"], first)
        self.assertTrue(rolled_back["pinned"])
        self.assertEqual(app.answer().strip(), "one")
        # A newer image ends the pin.
        third = app.push("three")
        app.healthy(third)
        self.assertEqual(app.answer().strip(), "three")

    def test_a_regex_branch_is_built_on_push_and_chosen_for_a_manual_run(self):
        app = self.new_app(**{"from": {"branchRegex": "^release/"}})
        commit = app.push("release", branch="release/1.0")
        self.assertEqual(app.run_of(commit)["state"], "SUCCEEDED")
        out = self.suite.cli("run", f"{app.id}/main", "--ref", "release/1.0", "--wait", "-o", "json")
        self.assertEqual(json.loads(out)["commit"], commit)
        refused = self.suite.cli("run", f"{app.id}/main", "--ref", "main", code=1)
        self.assertIn("release/", refused)

    def test_excluded_paths_start_nothing_and_why_says_so(self):
        app = self.new_app(**{"from": {"branch": "main", "paths": {"exclude": ["docs/**"]}}})
        app.healthy(app.push("one"))
        commit = app.push("one", {"docs/readme.md": "words"})
        delivery = self.suite.until(
            lambda: next((d for d in self.suite.api("GET", "/v1/deliveries?app=" + app.name)["deliveries"]
                          if d["commit"] == commit and d["state"] == "PROCESSED"), None), "delivery of the docs push")
        self.assertEqual(delivery["outcome"], "accepted, nothing started")
        told = self.suite.cli("why", "delivery", delivery["name"].removeprefix("deliveries/"))
        self.assertIn("every changed path is excluded", told)
        self.assertEqual(len(app.runs()), 1)

    def test_timeline_goes_from_the_push_to_the_deployment(self):
        app = self.new_app()
        app.healthy(app.push("one"))
        told = self.suite.cli("timeline", app.id)
        for words in ("push received by the git host", "delivery stored", "branch main", "first log line", "runs and answers"):
            self.assertIn(words, told)

    def test_cancel_ends_the_whole_process_tree_within_a_second(self):
        app = self.new_app(preBuild=[{"name": "hang", "shell": {"script": "echo started\n(tail -f /dev/null & tail -f /dev/null) & wait"}}])
        app.push("one")
        run = self.suite.until(lambda: next((r for r in app.runs() if r["state"] == "RUNNING"), None), "run to start")
        self.suite.until(lambda: "started" in app.log(run), "first log line")
        self.suite.cli("cancel", f"{app.id}/main#1")
        self.suite.until(lambda: app.runs()[0]["state"] == "CANCELLED", "run to be cancelled", 3)

    def test_retry_is_a_new_run_of_the_same_commit(self):
        app = self.new_app(preBuild=[{"name": "prepare", "shell": {"script": "exit 3"}}], environments=())
        commit = app.push("one")
        self.assertEqual(app.run_of(commit)["state"], "FAILED")
        self.suite.cli("retry", f"{app.id}/main#1")
        again = self.suite.until(lambda: next((r for r in app.runs() if r["name"].endswith("/2") and r["state"] == "FAILED"), None), "the retry")
        self.assertEqual(again["commit"], commit)
        self.assertEqual(again["retryOf"], f"{app.name}/workflows/main/runs/1")

    def test_deleting_goes_in_order_and_takes_the_workload_away(self):
        app = e2e.App(self.suite)
        app.define(environments=("dev", "prod"))
        app.healthy(app.push("one"))
        for name in (app.name, f"{app.name}/workflows/main", f"{app.name}/workflows/main/deploymentPipelines/dev"):
            with self.assertRaises(e2e.ApiError) as refused:
                self.suite.api("DELETE", "/v1/" + name)
            self.assertEqual(refused.exception.code, 400, refused.exception)
        app.delete()
        self.suite.until(lambda: self.suite.request("GET", "/v1/" + app.name)[0] == 404, "the app to go")

    def test_drift_is_put_back(self):
        app = self.new_app()
        app.healthy(app.push("one"))
        pods = json.loads(self.podman("pod", "ps", "--format", "json"))
        pod = next(p["Name"] for p in pods if app.id in p["Name"])
        self.podman("pod", "rm", "-f", "-t", "0", pod)
        def back():
            try:
                return app.answer().strip() == "one"
            except OSError:
                return False
        self.suite.until(back, "the workload to come back", 20)

    def podman(self, *arguments):
        import os
        import subprocess
        containers = (self.suite.root / "data").resolve() / "containers"
        env = {**os.environ, "CONTAINERS_CONF": str(containers / "containers.conf"),
               "CONTAINERS_STORAGE_CONF": str(containers / "storage.conf"),
               "CONTAINERS_REGISTRIES_CONF": str(containers / "registries.conf")}
        return subprocess.run(["podman", *arguments], env=env, capture_output=True, text=True, timeout=60, check=True).stdout


if __name__ == "__main__":
    unittest.main(verbosity=2)
