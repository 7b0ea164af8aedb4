"""Who may do what, at the front door; and what never leaves the house."""

import subprocess
import unittest

import suite as e2e


class Access(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.suite = e2e.Suite()
        cls.app = e2e.App(cls.suite)
        cls.app.define()
        cls.commit = cls.app.push("one")
        cls.app.healthy(cls.commit)

    @classmethod
    def tearDownClass(cls):
        cls.app.delete()
        cls.suite.close()

    def token(self, role, **scope):
        name = "t-" + e2e.secrets.token_hex(4)
        answer = self.suite.api("POST", f"/v1/tokens?tokenId={name}", {"spec": {"grants": [{"role": role, **scope}]}})
        self.addCleanup(self.suite.request, "DELETE", f"/v1/tokens/{name}")
        return answer["status"]["secret"]

    def status(self, token, method, path, body=None):
        return self.suite.request(method, path, body, token=token)[0]

    def test_no_token_and_a_revoked_one(self):
        self.assertEqual(self.suite.request("GET", "/v1/projects", token="")[0], 401)
        self.assertEqual(self.status("swy_" + "0" * 64, "GET", "/v1/projects"), 401)
        name = "t-" + e2e.secrets.token_hex(4)
        secret = self.suite.api("POST", f"/v1/tokens?tokenId={name}", {"spec": {"grants": [{"role": "VIEW"}]}})["status"]["secret"]
        self.assertEqual(self.status(secret, "GET", "/v1/projects"), 200)
        self.suite.api("DELETE", f"/v1/tokens/{name}")
        self.assertEqual(self.status(secret, "GET", "/v1/projects"), 401)

    def test_roles_at_the_front_door(self):
        path = "/v1/" + self.app.name
        run = f"{path}/workflows/main:run"
        viewer = self.token("VIEW", project="demo")
        self.assertEqual(self.status(viewer, "GET", path), 200)
        self.assertEqual(self.status(viewer, "POST", run, {}), 403)
        stranger = self.token("ADMIN", project="other")
        self.assertEqual(self.status(stranger, "GET", path), 404)
        self.assertEqual(self.status(stranger, "DELETE", path), 404)
        developer = self.token("BUILD_AND_DEPLOY", project="demo")
        self.assertEqual(self.status(developer, "DELETE", path), 403)
        self.assertEqual(self.status(developer, "POST", "/v1/projects?projectId=x", {}), 403)

    def test_a_build_needs_the_right_on_every_automatic_deployment_behind_it(self):
        only_prod = self.token("BUILD_AND_DEPLOY", project="demo", environment="prod")
        self.assertEqual(self.status(only_prod, "POST", f"/v1/{self.app.name}/workflows/main:run", {}), 403)
        before = len(self.app.runs())
        self.assertEqual(before, len(self.app.runs()))

    def test_unknown_and_forbidden_look_alike(self):
        stranger = self.token("VIEW", project="other")
        known = self.suite.request("GET", "/v1/" + self.app.name, token=stranger)
        unknown = self.suite.request("GET", "/v1/projects/demo/apps/no-such-app", token=stranger)
        self.assertEqual(known[0], unknown[0])
        self.assertEqual(known[2].decode().replace(self.app.id, "X"), unknown[2].decode().replace("no-such-app", "X"))

    def test_no_configured_secret_is_in_any_answer_or_log(self):
        keys = (self.suite.root / "data").resolve() / "keys"
        values = {path.name: path.read_text().strip() for path in keys.iterdir() if path.is_file()}
        values = {name: value for name, value in values.items() if len(value) >= 12}
        self.assertTrue(values)
        answers = b""
        for path in ("registries", "gitAccounts", "hooks", "gitopsProviders", "tokens", "users", "runners", "deliveries", "audit",
                     "projects/demo/apps", "projects/-/apps", "roleBindings"):
            answers += self.suite.request("GET", "/v1/" + path)[2]
        answers += self.app.log(self.app.runs()[0]).encode()
        logs = b"".join(path.read_bytes() for path in keys.parent.joinpath("log").rglob("*") if path.is_file())
        for name, value in values.items():
            self.assertNotIn(value.encode(), answers, name)
            self.assertNotIn(value.encode(), logs, name)

    def test_secrets_are_masked_however_they_are_printed(self):
        app = e2e.App(self.suite)
        self.addCleanup(app.delete)
        secret = "s3cr3t-" + e2e.secrets.token_hex(8)
        app.define(environments=())
        self.suite.put(f"{app.name}/secrets/api-key", {"value": {"value": secret}})
        app.define(environments=(), preBuild=[{"name": "leak", "shell": {"script": "\n".join([
            'cp /usr/bin/busybox busybox', 'test -n "$API_KEY"', 'echo "plain $API_KEY"', 'printf %s "$API_KEY" | base64',
            'for i in $(seq 1 ${#API_KEY}); do printf %s "$(printf %s "$API_KEY" | cut -c $i)"; done; echo'])}}])
        run = app.run_of(app.push("one"))
        self.assertEqual(run["state"], "SUCCEEDED", run)
        log = app.log(run)
        self.assertIn("plain [MASKED]", log)
        self.assertNotIn(secret, log)
        self.assertNotIn(e2e.base64.b64encode(secret.encode()).decode()[4:-4], log)

    def test_grpc_reflection_and_the_sockets_of_the_services(self):
        for service in ("AUTH", "PIPELINE", "BUILD", "GITOPS", "TRIGGER"):
            path = self.suite.env[f"SLIPWAY_{service}_SOCKET"]
            mode = subprocess.run(["stat", "-Lc", "%F %a", path], capture_output=True, text=True, check=True).stdout
            self.assertTrue(mode.startswith("socket") and mode.strip().endswith("00"), mode)

    def test_openapi_lists_the_routes(self):
        document = self.suite.api("GET", "/openapi.json")
        self.assertIn("openapi", document)
        self.assertGreater(len(document["paths"]), 40)
        self.assertGreater(len(document["components"]["schemas"]), 40)

    def test_a_step_sees_no_key_and_no_socket_of_the_suite(self):
        data = (self.suite.root / "data").resolve()
        run_dir = (self.suite.root / "run").resolve()
        app = e2e.App(self.suite)
        self.addCleanup(app.delete)
        app.define(environments=(), preBuild=[{"name": "look", "shell": {"script": "\n".join([
            "cp /usr/bin/busybox busybox", f"for f in {data}/keys/kek {run_dir}/auth.sock {run_dir}/pg/.s.PGSQL.5432 /root/.ssh /etc/shadow; do",
            '  if [ -e "$f" ]; then echo "SEES $f"; fi', "done", "ls /proc | grep -c '^[0-9]' | sed 's/^/processes /'"])}}])
        run = app.run_of(app.push("one"))
        log = app.log(run)
        self.assertEqual(run["state"], "SUCCEEDED", log)
        self.assertNotIn("SEES", log)


if __name__ == "__main__":
    unittest.main(verbosity=2)
