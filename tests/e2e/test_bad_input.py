"""Bad input gets a clear error that names the field and the remedy, the right status, and changes nothing."""

import hashlib
import hmac
import json
import socket
import unittest

import suite as e2e


class BadInput(unittest.TestCase):
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

    def refused(self, code, method, path, body=None):
        with self.assertRaises(e2e.ApiError) as caught:
            self.suite.api(method, path, body)
        self.assertEqual(caught.exception.code, code, caught.exception)
        return caught.exception

    def hook_secret(self):
        return ((self.suite.root / "data").resolve() / "keys" / "hook-local.secret").read_bytes().strip()

    def deliver(self, body, secret=None, hook="local", delivery="d-1", event="push"):
        signature = hmac.new(secret or self.hook_secret(), body, hashlib.sha256).hexdigest()
        return self.suite.request("POST", f"/webhooks/github/{hook}", body, token="", headers={
            "X-GitHub-Event": event, "X-GitHub-Delivery": delivery, "X-Hub-Signature-256": "sha256=" + signature})

    def test_webhooks_of_strangers(self):
        self.assertEqual(self.deliver(b"{}", secret=b"wrong")[0], 401)
        self.assertEqual(self.deliver(b"{}", hook="none")[0], 404)
        self.assertEqual(self.deliver(b"not json")[0], 400)

    def test_a_body_over_the_limit_is_refused_before_it_is_read(self):
        # Only the header is sent: a client that is still writing might not get to read the answer.
        host, port = self.suite.url.removeprefix("http://").split(":")
        for path, size in (("/webhooks/github/local", 2 << 30), ("/v1/projects", 2 << 20)):
            with socket.create_connection((host, int(port)), timeout=10) as connection:
                connection.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                                   f"Authorization: Bearer {self.suite.token}\r\nContent-Length: {size}\r\n\r\n".encode())
                self.assertIn(b" 413 ", connection.recv(4096).split(b"\r\n")[0], path)

    def test_unknown_members_and_parameters_are_named(self):
        error = self.refused(400, "POST", "/v1/projects?projectId=x", {"spec": {"colour": "red"}})
        self.assertIn("colour", error.message)
        self.assertIn("colour", self.refused(400, "GET", "/v1/projects?colour=red").message)

    def test_duplicate_names_and_stale_etags(self):
        app = self.new_app()
        parent, _, name = app.name.rpartition("/")
        self.refused(409, "POST", f"/v1/{parent.removesuffix('/apps')}/apps?appId={name}", {"spec": {"repositories": [
            {"name": "source", "url": app.repository, "account": "local"}]}})
        stale = self.suite.api("GET", "/v1/" + app.name)["etag"]
        app.define(deploy={"port": 9090})
        self.refused(409, "PATCH", "/v1/" + app.name, {"spec": {"deploy": {"port": 1}, "repositories": [
            {"name": "source", "url": app.repository, "account": "local"}]}, "etag": stale})
        self.assertEqual(self.suite.api("GET", "/v1/" + app.name)["spec"]["deploy"]["port"], 9090)

    def test_a_second_deployment_pipeline_for_one_environment(self):
        app = self.new_app()
        self.refused(409, "PATCH", f"/v1/{app.name}/workflows/second?allowMissing=true", {"spec": {
            "source": {"build": {"from": {"branch": "other"}}}, "deploymentPipelines": [{"environment": "dev"}]}})

    def test_a_missing_dockerfile_and_a_failing_registry_are_named(self):
        app = self.new_app(image={"repository": "demo/missing", "dockerfile": "nowhere/Dockerfile"})
        run = app.run_of(app.push("one"))
        self.assertEqual(run["state"], "FAILED")
        self.assertIn("nowhere/Dockerfile", run["reason"])
        self.assertIsNone(app.deployment())
        self.addCleanup(self.suite.request, "DELETE", "/v1/registries/refusing")
        self.suite.put("registries/refusing", {"url": "http://" + self.suite.env["SLIPWAY_REGISTRY"], "username": "slipway",
                                               "password": {"value": "not the password"}})
        other = self.new_app()
        other.define(image={"repository": f"demo/{other.id}", "registry": "refusing"})
        run = other.run_of(other.push("one"))
        self.assertEqual(run["state"], "FAILED")
        self.assertIn(self.suite.env["SLIPWAY_REGISTRY"], run["reason"])
        self.assertNotIn("not the password", json.dumps(run) + other.log(run))

    def test_a_repository_that_can_not_be_cloned(self):
        app = self.new_app()
        self.suite.put(app.name, {"repositories": [{"name": "source", "url": f"{self.suite.git_url}/demo/never-pushed-{app.id}.git",
                                                    "account": "local"}]})
        error = self.refused(404, "POST", f"/v1/{app.name}/workflows/main:run", {})
        self.assertIn("never-pushed", error.message)

    def test_an_app_that_never_gets_healthy_is_shown_as_such(self):
        app = self.new_app()
        self.suite.put(app.name, {"repositories": [{"name": "source", "url": app.repository, "account": "local"}],
                                  "deploy": {"port": 8080, "healthPath": "/index.html"}})
        commit = app.push("x", {"Dockerfile": e2e.BUSYBOX_DOCKERFILE.replace('"httpd", "-f", "-p", "8080", "-h", "/www"', '"false"')})
        self.assertEqual(app.run_of(commit)["state"], "SUCCEEDED")
        status = self.suite.until(lambda: (lambda d: d and d["status"] if d and d["status"]["state"] in ("UNHEALTHY", "FAILED") else None)(
            app.deployment()), "the deployment to fail", 120)
        self.assertIn("exit", status["reason"])

    def test_an_image_tag_that_exists_already_fails_the_build(self):
        shared = "demo/shared-" + e2e.secrets.token_hex(4)
        app = self.new_app(image={"repository": shared, "tag": "v{x}-a"})
        first = app.run_of(app.push("one"))
        self.assertEqual(first["state"], "SUCCEEDED", first)
        other = self.new_app(image={"repository": shared, "tag": "v{x}-a"})
        run = other.run_of(other.push("two"))
        self.assertEqual(run["state"], "FAILED")
        self.assertIn(shared + ":v1-a", run["reason"])

    def test_all_mistakes_of_a_manifest_are_told_at_once(self):
        manifest = self.suite.work / "mistakes.yaml"
        manifest.write_text("""apiVersion: slipway/v1
kind: App
metadata: {project: demo, name: typo-app}
spec:
  repositories:
  - {name: source, url: "GIT_URL/demo/typo.git", account: locl}
  deploy: {prot: 8080, healthPath: healthz, env: {GREETING: "${NOT_SET}"}, ignoreDifferences: [{jsonPointers: [spec.a], managedFieldsManagers: [x]}]}
---
apiVersion: slipway/v1
kind: Workflow
metadata: {project: demo, app: typo-app, name: main}
spec:
  source:
    build:
      from: {branch: main}
      trigger: automatically
      image: {registry: locl, repository: demo/typo, tag: v1}
  deploymentPipelines:
  - {environment: dev}
  - {environment: prod, after: dv, strategy: {canary: {}}}
---
apiVersion: slipway/v1
kind: Hook
metadata: {name: typo-hook}
spec: {forge: githup}
""".replace("GIT_URL", self.suite.git_url))
        told = self.suite.cli("apply", "-f", str(manifest), code=2).splitlines()
        places = [line.removeprefix(str(manifest.parent) + "/").split(": ")[0:2] for line in told]
        self.assertEqual(places, [
            ["mistakes.yaml:6", "spec.repositories[0].account"], ["mistakes.yaml:7", "spec.deploy.env.GREETING"],
            ["mistakes.yaml:7", "spec.deploy.prot"], ["mistakes.yaml:7", "spec.deploy.healthPath"],
            ["mistakes.yaml:7", "spec.deploy.ignoreDifferences[0].jsonPointers[0]"],
            ["mistakes.yaml:16", "spec.source.build.trigger"], ["mistakes.yaml:17", "spec.source.build.image.registry"],
            ["mistakes.yaml:17", "spec.source.build.image.tag"], ["mistakes.yaml:20", "spec.deploymentPipelines[1].strategy.canary"],
            ["mistakes.yaml:20", "spec.deploymentPipelines[1].after"], ["mistakes.yaml:25", "spec.forge"]], told)
        for name in ("projects/demo/apps/typo-app", "hooks/typo-hook"):
            self.assertEqual(self.suite.request("GET", "/v1/" + name)[0], 404)

    def test_a_manifest_mistake_names_file_line_and_remedy(self):
        manifest = self.suite.work / "slipway.yaml"
        manifest.write_text(f"""apiVersion: slipway/v1
kind: App
metadata: {{project: demo, name: typo-app}}
spec:
  repositories:
  - {{name: source, url: "{self.suite.git_url}/demo/typo.git", account: local}}
---
apiVersion: slipway/v1
kind: Workflow
metadata: {{project: demo, app: typo-app, name: main}}
spec:
  source: {{build: {{from: {{branch: main}}}}}}
  deploymentPipelines:
  - {{environment: dev}}
  - environment: prod
    after: dv
""")
        told = self.suite.cli("apply", "-f", str(manifest), code=2)
        self.assertIn("slipway.yaml:16:", told)
        self.assertIn("spec.deploymentPipelines[1].after", told)
        self.assertIn('did you mean "dev"', told)
        self.assertEqual(self.suite.request("GET", "/v1/projects/demo/apps/typo-app")[0], 404)


if __name__ == "__main__":
    unittest.main(verbosity=2)
