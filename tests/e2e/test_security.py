"""Attacks from outside and from inside a job: each is refused, changes nothing, and shows nothing."""

import base64
import json
import pathlib
import threading
import unittest
import urllib.parse

import suite as e2e
from grpc_client import field, post

HOSTILE = ["'; DROP TABLE projects; --", '" OR 1=1 --', "\\'; SELECT pg_sleep(10); --", "$1", "%s%n", "\u202e\U0001f4a3 \u0000x",
           "projects/-/apps/-", "../../etc/passwd", "AAAA", "a" * 4000]
INSIDE = ["http://127.0.0.1:1/x.git", "http://localhost:1/x.git", "http://169.254.169.254/latest/meta-data.git", "http://[::1]/x.git",
          "http://0x7f000001/x.git", "http://2130706433/x.git", "http://0.0.0.0/x.git", "http://10.0.0.1/x.git",
          "http://[::ffff:127.0.0.1]/x.git", "http://127.1/x.git"]


class Security(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.suite = e2e.Suite()
        cls.data = (cls.suite.root / "data").resolve()

    @classmethod
    def tearDownClass(cls):
        cls.suite.close()

    def new_app(self, **definition):
        app = e2e.App(self.suite)
        self.addCleanup(app.delete)
        if definition is not None:
            app.define(**definition)
        return app

    def token(self, role, **scope):
        name = "t-" + e2e.secrets.token_hex(4)
        answer = self.suite.api("POST", f"/v1/tokens?tokenId={name}", {"spec": {"grants": [{"role": role, **scope}]}})
        self.addCleanup(self.suite.request, "DELETE", f"/v1/tokens/{name}")
        return answer["status"]["secret"]

    def grpc(self, service, method, message, token, **metadata):
        """The gRPC status code of one call on a service's own socket."""
        return post(self.suite.env[f"SLIPWAY_{service}_SOCKET"], method, message, token, **metadata)[0]

    # S10: no way to addresses inside --------------------------------------------------------------------------------------

    def test_repositories_inside_are_refused_with_a_sentence(self):
        for url in INSIDE:
            name = "inside-" + e2e.secrets.token_hex(4)
            status, _, body = self.suite.request("PATCH", f"/v1/projects/demo/apps/{name}?allowMissing=true",
                                                 {"spec": {"repositories": [{"name": "source", "url": url}]}})
            self.assertEqual(status, 400, f"{url}: {body}")
            message = json.loads(body)["error"]["message"]
            self.assertIn("spec.repositories[0].url", message)
            self.assertIn("is no public address; an operator may allow", message)
            self.assertEqual(self.suite.request("GET", f"/v1/projects/demo/apps/{name}")[0], 404)

    def test_registries_and_gitops_repositories_inside_are_refused(self):
        status, _, body = self.suite.request("PATCH", "/v1/registries/inside?allowMissing=true", {"spec": {"url": "http://169.254.169.254"}})
        self.assertEqual(status, 400, body)
        self.assertIn(b"is no public address", body)
        self.addCleanup(self.suite.request, "DELETE", "/v1/gitopsProviders/inside")
        status, _, body = self.suite.request("POST", "/v1/gitopsProviders?gitopsProviderId=inside", {"spec": {
            "provider": "GIT", "url": "http://169.254.169.254/x.git", "branch": "main"}})
        if status == 200:
            def judged():
                provider = self.suite.api("GET", "/v1/gitopsProviders/inside")
                return provider if provider["status"]["state"] != "VALIDATING" or "no public" in json.dumps(provider) else None
            body = json.dumps(self.suite.until(judged, "the provider to be validated")).encode()
        self.assertIn(b"is no public address", body)

    # S6: a runner is a runner and itself ----------------------------------------------------------------------------------

    def new_runner(self):
        name = "r-" + e2e.secrets.token_hex(4)
        runner = self.suite.api("POST", f"/v1/runners?runnerId={name}", {"spec": {}})
        self.addCleanup(self.suite.request, "DELETE", f"/v1/runners/{name}")
        return runner["status"]["token"]

    def test_a_runners_token_opens_nothing_else(self):
        token = self.new_runner()
        for path in ("projects", "projects/demo", "projects/-/apps", "registries", "gitAccounts", "clusters", "environments", "users",
                     "tokens", "roleBindings", "audit", "hooks", "deliveries", "runners", "gitopsProviders", "whoami"):
            status, _, body = self.suite.request("GET", "/v1/" + path, token=token)
            self.assertIn(status, (403, 404), f"{path}: {body}")
        for path in ("timeline", "decisions"):
            self.assertIn(b'"records":[]', self.suite.request("GET", f"/v1/{path}?name=projects/demo", token=token)[2])
        for path in ("tokens?tokenId=x", "runners?runnerId=x", "projects?projectId=x"):
            self.assertIn(self.suite.request("POST", "/v1/" + path, {"spec": {"grants": [{"role": "VIEW"}]}} if "tokens" in path else {},
                                             token=token)[0], (403, 404), path)
        for service, method in (("PIPELINE", "/slipway.pipeline.v1.PipelineService/ResolveSecrets"),
                                ("TRIGGER", "/slipway.trigger.v1.TriggerService/DeliverBatch"),
                                ("AUTH", "/slipway.auth.v1.AuthService/CreateRunnerToken"),
                                ("BUILD", "/slipway.build.v1.BuildService/CreateRuns")):
            self.assertEqual(self.grpc(service, method, b"", token), 7, method)

    def test_a_runner_can_not_speak_for_another(self):
        app = self.new_app(environments=(), preBuild=[{"name": "prepare", "shell": {
            "script": "cp /usr/bin/busybox busybox\nfor i in $(seq 60); do echo $i; sleep 0.05; done"}}])
        commit = app.push("one")
        run = self.suite.until(lambda: next((r for r in app.runs() if r["commit"] == commit and r["state"] == "RUNNING"), None), "a running run")
        token = self.new_runner()
        for fence in (0, 1, 2):
            key = field(1, field(1, f"{run['name']}/jobs/build") + (field(2, fence) if fence else b""))
            for method, message in (("CompleteJob", key + field(2, 4) + field(3, "stolen")), ("AppendLog", key + field(3, "forged\n")),
                                    ("ReportSteps", key)):
                code = self.grpc("BUILD", "/slipway.build.v1.RunnerService/" + method, message, token, agent_id="local", runner="local",
                                 slipway_runner="local", slipway_address="10.0.0.1", slipway_assertion_bin="AAAA")
                self.assertEqual(code, 16, "a forged assertion is no one's")
                code = self.grpc("BUILD", "/slipway.build.v1.RunnerService/" + method, message, token, agent_id="local", runner="local")
                self.assertIn(code, (3, 5, 7, 9, 10), f"{method} {fence}")
        ended = app.run_of(commit)
        self.assertEqual(ended["state"], "SUCCEEDED", ended)
        self.assertNotIn("forged", app.log(ended))

    def test_odd_paths_of_grpc_do_not_pass_the_gate(self):
        good = "/slipway.pipeline.v1.PipelineService/ListProjects"
        for path in (good, "/" + good, good + "/", good.lower(), good.replace("/List", "//List"), good + "?x", "/./" + good[1:],
                     good.replace(".v1", "%2ev1"), "/slipway.build.v1.RunnerService/.." + good):
            self.assertNotEqual(self.grpc("PIPELINE", path, b"", "swy_" + "0" * 64), 0, path)
        self.assertEqual(self.grpc("PIPELINE", good, b"", self.suite.token), 0)

    # The gateway -----------------------------------------------------------------------------------------------------------

    def test_headers_of_a_client_are_no_identity(self):
        forged = {"slipway-assertion-bin": base64.b64encode(b"x" * 90).decode(), "slipway-address": "6.6.6.6", "X-Forwarded-For": "6.6.6.6",
                  "slipway-request-id": "mine"}
        self.assertEqual(self.suite.request("GET", "/v1/projects", token="", headers=forged)[0], 401)
        status, _, body = self.suite.request("GET", "/v1/whoami", headers=forged)
        self.assertEqual((status, json.loads(body)["principal"]["kind"] in ("USER", "TOKEN")), (200, True))
        name = "p-" + e2e.secrets.token_hex(4)
        self.addCleanup(self.suite.request, "DELETE", f"/v1/projects/{name}")
        self.assertEqual(self.suite.request("POST", f"/v1/projects?projectId={name}", {}, headers=forged)[0], 200)
        entries = self.suite.until(lambda: self.suite.api("GET", f"/v1/audit?resource=projects/{name}")["entries"], "the audit entry")
        self.assertEqual({entry["address"] for entry in entries}, {"127.0.0.1"}, entries)

    def test_requests_of_any_size_and_shape_are_answered(self):
        deep = b'{"spec":' * 20000 + b"1" + b"}" * 20000
        self.assertEqual(self.suite.request("POST", "/v1/projects", deep)[0], 400)
        self.assertEqual(self.suite.request("GET", "/v1/projects?x=" + "a" * 60000)[0], 431)
        self.assertEqual(self.suite.request("GET", "/v1/projects?" + "&".join(f"p{i}=1" for i in range(1500)))[0], 400)
        self.assertEqual(self.suite.request("GET", "/v1/projects?pageSize=99999999999999")[0], 400)
        self.assertEqual(self.suite.request("GET", "/v1/projects?pageSize=-1")[0], 400)
        self.assertEqual(self.suite.request("GET", "/v1/projects?pageSize=2147483647")[0], 200)
        many = {"resources": [{"project": {"name": f"projects/p{i}"}} for i in range(20000)]}
        self.assertEqual(self.suite.request("POST", "/v1/resources:validate", many)[0], 400)
        self.assertEqual(self.suite.request("GET", "/readyz")[0], 200)

    def test_texts_have_limits_that_are_told(self):
        long = "x" * 900_000
        app = "projects/demo/apps/long-" + e2e.secrets.token_hex(4)
        build = {"from": {"branch": "main"}}
        source = lambda **more: {"spec": {"source": {"build": {**build, **more}}}}
        self.suite.put(app, {"repositories": [{"name": "source", "url": self.suite.git_url + "/demo/long.git", "account": "local"}]})
        self.addCleanup(self.suite.request, "DELETE", "/v1/" + app)
        for method, path, body, field_name in (
                ("POST", "projects?projectId=" + "x" * 64, {}, "metadata.name"),
                ("POST", "projects?projectId=long", {"spec": {"description": long}}, "spec.description"),
                ("PATCH", app, {"spec": {"description": long}}, "spec.description"),
                ("PATCH", app, {"spec": {"deploy": {"env": {f"K{i}": "v" for i in range(20000)}}}}, "spec.deploy.env"),
                ("PATCH", app, {"spec": {"deploy": {"env": {"K": long}}}}, "spec.deploy.env.K"),
                ("PATCH", app, {"spec": {"repositories": [{"name": "source", "url": "http://example.com/" + long}]}}, "spec.repositories[0].url"),
                ("POST", app + "/workflows?workflowId=w", source(preBuild=[{"name": "a", "shell": {"script": long}}]), "shell.script"),
                ("POST", app + "/workflows?workflowId=w", source(preBuild=[{}] * 20000), "spec.source.build.preBuild"),
                ("POST", app + "/workflows?workflowId=w", source(image={"args": {f"K{i}": "v" for i in range(20000)}}), "image.args"),
                ("POST", app + "/workflows?workflowId=w", source(image={"args": {"K": "a\0b"}}), "image.args.K"),
                ("POST", app + "/workflows?workflowId=w", {"spec": {"source": {"build": {"from": {"branchRegex": long}}}}}, "branchRegex"),
                ("POST", app + "/secrets?secretId=s", {"spec": {"value": {"value": long}}}, "spec.value"),
                ("POST", app + "/variables?variableId=v", {"spec": {"value": long}}, "spec.value"),
                ("POST", "runners?runnerId=long", {"spec": {"description": long}}, "spec.description"),
                ("POST", "registries?registryId=long", {"spec": {"url": "registry.example.com", "username": long}}, "spec.username"),
                ("POST", "hooks?hookId=long", {"spec": {"forge": "GITHUB", "repositories": ["http://example.com/" + long]}}, "repositories"),
                ("POST", "users?userId=long", {"spec": {"displayName": long, "password": "correct horse battery"}}, "displayName"),
                ("POST", "auth:signIn", {"user": long, "password": "x"}, "")):
            status, _, answer = self.suite.request(method, "/v1/" + path, body)
            self.assertIn(status, (400, 401), f"{method} {path[:80]} {field_name}: {status} {answer[:300]}")
            self.assertIn(field_name.encode(), answer, path[:80])
            self.assertLess(len(answer), 20_000, f"{path[:80]}: the answer repeats what was sent")
        self.assertEqual(self.suite.request("GET", "/v1/projects/long")[0], 404)

    # S15: text is text -----------------------------------------------------------------------------------------------------

    def test_hostile_texts_are_literal(self):
        before = self.suite.api("GET", "/v1/projects?pageSize=1000")["projects"]
        name = "projects/p-" + e2e.secrets.token_hex(4)
        self.addCleanup(self.suite.request, "DELETE", "/v1/" + name)
        for text in HOSTILE:
            if "\0" in text:
                continue
            self.suite.put(name, {"description": text})
            self.assertEqual(self.suite.api("GET", "/v1/" + name)["spec"]["description"], text)
        for text in HOSTILE:
            quoted = urllib.parse.quote(text, safe="")
            tokens = [quoted, base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
                      base64.urlsafe_b64encode(b"\x00\xff'" + text.encode()).decode()]
            for path in ("projects", "projects/-/apps", "projects/demo/variables", "users", "tokens", "roleBindings", "runners", "hooks",
                         "deliveries", "audit", "registries", "gitopsProviders", "projects/demo/apps/-/workflows/-/runs",
                         "projects/demo/apps/x/images", "projects/demo/apps/x/environments/dev/deployments"):
                for token in tokens:
                    status, _, body = self.suite.request("GET", f"/v1/{path}?pageToken={token}")
                    self.assertIn(status, (200, 400, 404), f"{path} {token[:80]}: {body[:300]}")
                    self.assertNotIn(b"SQL", body)
            for path in (f"audit?actor={quoted}", f"audit?resource={quoted}", f"projects/demo/apps/x/commits?ref={quoted}",
                         f"timeline?name={quoted}", f"decisions?name={quoted}", f"projects/{quoted}", f"projects/demo/apps/{quoted}",
                         f"projects/demo/apps/{quoted}/workflows", f"users/{quoted}", f"deliveries/{quoted}", f"tokens/{quoted}"):
                status, _, body = self.suite.request("GET", "/v1/" + path)
                self.assertIn(status, (200, 400, 404), f"{path[:80]}: {body[:300]}")
            self.assertIn(self.suite.request("POST", f"/v1/projects?projectId={quoted}", {})[0], (400,), text)
        names = {project["name"] for project in self.suite.api("GET", "/v1/projects?pageSize=1000")["projects"]}
        self.assertLessEqual({project["name"] for project in before if project["name"] == "projects/demo"}, names)

    # S7, S8: git and paths ---------------------------------------------------------------------------------------------------

    def test_git_takes_no_options_and_no_other_transports(self):
        app = "projects/demo/apps/git-" + e2e.secrets.token_hex(4)
        for url in ("--upload-pack=touch /tmp/x", "ext::sh -c id", "file:///etc", "/etc", "git@host:x.git", "ssh://-oProxyCommand=id/x",
                    "http://user:pw@example.com/x.git", "https://example.com/../x.git", "-http://example.com/x.git"):
            status, _, body = self.suite.request("PATCH", f"/v1/{app}?allowMissing=true",
                                                 {"spec": {"repositories": [{"name": "source", "url": url}]}})
            self.assertEqual(status, 400, f"{url}: {body}")
            self.assertIn(b"spec.repositories[0].url", body)
        app = self.new_app(environments=())
        app.push("one")
        for ref in ("--upload-pack=id", "-x", "a..b", "refs/heads/../x", "a b", "x^{commit}", "@{u}", "\n"):
            for body in ({"ref": ref}, {"commit": ref}):
                status, _, answer = self.suite.request("POST", f"/v1/{app.name}/workflows/main:run", body)
                self.assertIn(status, (400, 404), f"{body}: {answer}")
            status, _, answer = self.suite.request("GET", f"/v1/{app.name}/commits?ref=" + urllib.parse.quote(ref, safe=""))
            self.assertIn(status, (400, 404), f"{ref}: {answer}")
            status, _, answer = self.suite.request("PATCH", f"/v1/{app.name}/workflows/odd?allowMissing=true", {"spec": {"source": {"build": {
                "from": {"branch": ref}}}}})
            self.assertEqual(status, 400, f"{ref}: {answer}")

    def test_paths_do_not_leave_the_checkout(self):
        app = self.new_app(environments=())
        for path in ("../../etc/passwd", "a/../../b", "/etc/passwd", "..", "a/\0b"):
            for image in ({"dockerfile": path}, {"context": path}):
                status, _, body = self.suite.request("PATCH", f"/v1/{app.name}/workflows/main", {"spec": {"source": {"build": {
                    "from": {"branch": "main"}, "image": image}}}})
                self.assertEqual(status, 400, f"{image}: {body}")
        (app.folder / "outside").symlink_to("/etc")
        (app.folder / "passwd").symlink_to("/etc/passwd")
        for image in ({"dockerfile": "passwd"}, {"dockerfile": "outside/passwd"}, {"context": "outside"}):
            app.define(environments=(), image={"repository": f"demo/{app.id}", **image})
            run = app.run_of(app.push(json.dumps(image)))
            self.assertEqual(run["state"], "FAILED", run)
            self.assertRegex(run["reason"], "outside|leaves|leads out", run["reason"])
            self.assertNotIn("root:x:0", app.log(run) + run["reason"])

    # S16: secrets ------------------------------------------------------------------------------------------------------------

    def test_secrets_are_in_no_argument_list_reason_record_log_or_commit(self):
        secret = "s3cr3t-" + e2e.secrets.token_hex(12)
        values = {path.name: path.read_text().strip() for path in (self.data / "keys").iterdir() if path.is_file()}
        values = {name: value for name, value in values.items() if len(value) >= 12}
        values["the app's secret"] = secret
        app = self.new_app()
        self.suite.put(f"{app.name}/secrets/api-key", {"value": {"value": secret}})
        app.define(preBuild=[{"name": "prepare", "shell": {"script": 'cp /usr/bin/busybox busybox\ntest -n "$API_KEY"\nsleep 0.3'}}],
                   postBuild=[{"name": "verify", "registryLogin": True, "shell": {"script": 'sleep 0.3; test -n "$API_KEY"'}}])
        seen, stop = [], threading.Event()

        def watch():
            while not stop.wait(0.005):
                for process in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
                    try:
                        line = process.read_bytes()
                    except OSError:
                        continue
                    seen.extend((name, line) for name, value in values.items() if value.encode() in line)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            commit = app.push("one")
            run = app.run_of(commit)
            deployment = app.healthy(commit)
        finally:
            stop.set()
            watcher.join()
        self.assertEqual(run["state"], "SUCCEEDED", app.log(run))
        self.assertEqual(seen, [])
        # A step that fails with the secret in its last words.
        app.define(environments=(), name="failing", preBuild=[{"name": "leak", "shell": {
            "script": 'echo "fatal: no login with $API_KEY" >&2; exit 3'}}])
        failed = app.run_of(app.push("two"), "failing")
        self.assertEqual(failed["state"], "FAILED")
        told = json.dumps([run, failed, deployment]) + app.log(run) + app.log(failed)
        for name in (app.name, failed["name"], run["name"], deployment["name"]):
            for form in ("timeline", "decisions"):
                status, _, body = self.suite.request("GET", f"/v1/{form}?name={name}")
                self.assertEqual(status, 200, body)
                told += body.decode()
        for path in (f"{app.name}/secrets", f"{app.name}/workflows", "audit?pageSize=1000", "deliveries", "registries", "gitAccounts"):
            told += self.suite.request("GET", "/v1/" + path)[2].decode()
        told += self.suite.cli("timeline", app.id)
        clone = self.suite.work / ("desired-" + app.id)
        self.suite.git(self.suite.work, "clone", "-q", f"{self.suite.git_url}/gitops/desired.git", str(clone))
        told += self.suite.git(clone, "log", "-p", "--format=fuller")
        logs = b"".join(path.read_bytes() for path in (self.data / "log").rglob("*") if path.is_file())
        for name, value in values.items():
            self.assertNotIn(value, told, name)
            self.assertNotIn(value.encode(), logs, name)
            self.assertNotIn(base64.b64encode(value.encode()).decode()[2:-4], told, name)

    def test_a_job_finds_no_service(self):
        app = self.new_app(environments=(), preBuild=[{"name": "look", "shell": {"script": "\n".join([
            "cp /usr/bin/busybox busybox", "env | sort", "find / -xdev -type s 2>/dev/null | sed 's/^/SOCKET /'",
            "cat /proc/net/unix | grep -c slipway | sed 's/^/listed /'",
            f"for s in auth build pipeline; do curl -s --max-time 2 --unix-socket {self.suite.env['SLIPWAY_AUTH_SOCKET'].rsplit('/', 1)[0]}"
            "/$s.sock http://x/ && echo REACHED; done; true"])}}])
        run = app.run_of(app.push("one"))
        log = app.log(run)
        self.assertEqual(run["state"], "SUCCEEDED", log)
        self.assertNotIn("REACHED", log)
        self.assertNotIn("SOCKET", log)
        for word in ("SERVICE_TOKEN", "TOKEN_FILE", "DATABASE", "KEK", "swy_"):
            self.assertNotIn(word, log)

    # Owners and names --------------------------------------------------------------------------------------------------------

    def test_a_new_app_of_the_same_name_inherits_nothing(self):
        app = self.new_app()
        self.suite.put(f"{app.name}/variables/colour", {"value": "red"})
        self.suite.put(f"{app.name}/secrets/api-key", {"value": {"value": "old-secret-value"}})
        user = "u-" + e2e.secrets.token_hex(4)
        self.suite.api("POST", f"/v1/users?userId={user}", {"spec": {"password": "correct horse battery staple"}})
        self.addCleanup(self.suite.request, "DELETE", f"/v1/users/{user}")
        binding = self.suite.api("POST", "/v1/roleBindings", {"spec": {"user": user, "role": "ADMIN", "project": "demo", "app": app.id}})["name"]
        self.addCleanup(self.suite.request, "DELETE", "/v1/" + binding)
        signed_in = self.suite.api("POST", "/v1/auth:signIn", {"user": user, "password": "correct horse battery staple"})["token"]
        self.assertEqual(self.suite.request("GET", "/v1/" + app.name, token=signed_in)[0], 200)
        old = self.suite.api("GET", "/v1/" + app.name)["status"]["uid"]
        app.healthy(app.push("one"))
        for child in ("variables/colour", "secrets/api-key"):
            self.suite.api("DELETE", f"/v1/{app.name}/{child}")
        app.delete()
        self.suite.until(lambda: self.suite.request("GET", "/v1/" + app.name)[0] == 404, "the app to go")
        app.define()
        self.assertNotEqual(self.suite.api("GET", "/v1/" + app.name)["status"]["uid"], old)
        self.assertEqual(self.suite.request("GET", "/v1/" + app.name, token=signed_in)[0], 404)
        self.assertEqual(app.runs(), [])
        for child, member in (("images", "images"), ("variables", "variables"), ("secrets", "secrets"),
                              ("environments/dev/deployments", "deployments")):
            self.assertEqual(self.suite.api("GET", f"/v1/{app.name}/{child}")[member], [], child)
        commit = app.push("two")
        app.healthy(commit)
        self.assertEqual([run["commit"] for run in app.runs()], [commit])

    def test_a_viewer_sees_their_project_alone(self):
        secret = "s3cr3t-" + e2e.secrets.token_hex(8)
        app = self.new_app(environments=())
        self.suite.put(f"{app.name}/secrets/api-key", {"value": {"value": secret}})
        commit = app.push("one")
        run = app.run_of(commit)
        viewer, stranger = self.token("VIEW", project="demo"), self.token("VIEW", project="other")

        def get(token, path):
            status, _, body = self.suite.request("GET", "/v1/" + path, token=token)
            return status, body.decode()

        self.assertEqual(get(viewer, run["name"])[0], 200)
        self.assertNotIn(secret, get(viewer, f"{app.name}/secrets")[1] + get(viewer, f"{app.name}/secrets/api-key")[1])
        for path in ("hooks", "hooks/local", "users", "audit"):
            self.assertIn(get(viewer, path)[0], (403, 404), path)
        self.assertIn(app.id, get(viewer, "deliveries")[1])
        for path in (app.name, run["name"], f"{app.name}/secrets", f"{app.name}/workflows", f"{app.name}/images", f"{run['name']}/jobs"):
            self.assertEqual(get(stranger, path)[0], 404, path)
        for path in ("deliveries", "projects", "projects/-/apps", "tokens", "roleBindings", f"timeline?name={app.name}",
                     f"decisions?name={app.name}", f"timeline?name={run['name']}", "projects/demo/apps/-/workflows/-/runs"):
            status, body = get(stranger, path)
            self.assertIn(status, (200, 403, 404), f"{path}: {body}")
            answered = {name: value for name, value in json.loads(body).items() if name not in ("name", "error")}
            self.assertNotIn(app.id, json.dumps(answered), path)
        for method, path in (("POST", f"{run['name']}:retry"), ("POST", f"{run['name']}:cancel"), ("DELETE", app.name),
                             ("PATCH", app.name), ("POST", f"{app.name}/secrets?secretId=x"), ("POST", f"{app.name}/workflows/main:run")):
            self.assertEqual(self.suite.request(method, "/v1/" + path, {}, token=viewer)[0], 403, path)
            self.assertEqual(self.suite.request(method, "/v1/" + path, {}, token=stranger)[0], 404, path)


if __name__ == "__main__":
    unittest.main(verbosity=2)
