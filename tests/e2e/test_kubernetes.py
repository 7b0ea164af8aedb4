"""tools/up --kubernetes: the same push, deployed to a Kubernetes cluster; kubectl sees what Slipway says."""

import base64
import json
import os
import pathlib
import subprocess
import unittest

import suite as e2e


# What is live before this is over was told of by a webhook.
FETCH_INTERVAL = "20m"


class Kubernetes(unittest.TestCase):
    """In a suite of its own, whose environments dev and prod belong to its cluster."""

    @classmethod
    def setUpClass(cls):
        cls.root = e2e.own_root("kubernetes")
        cls.addClassCleanup(subprocess.run, [e2e.SOURCE / "tools/down", "--root", cls.root, "--purge"], check=True, timeout=110)
        cls.up("--kubernetes")
        cls.suite = e2e.Suite(cls.root)
        cls.addClassCleanup(cls.suite.close)

    @classmethod
    def up(cls, *arguments):
        subprocess.run([e2e.SOURCE / "tools/up", "--no-build", "--no-demo", "--root", cls.root, *arguments], check=True, timeout=170,
                       env={**os.environ, "SLIPWAY_GITOPS_FETCH_INTERVAL": FETCH_INTERVAL})

    def setUp(self):
        self.app = e2e.App(self.suite)
        self.addCleanup(self.app.delete)

    def kubectl(self, *arguments):
        """What kubectl prints, as the user whom tools/up names."""
        done = subprocess.run([self.root / "kubectl", f"--kubeconfig={self.root / 'kubeconfig'}", "--namespace=dev", *arguments],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def objects(self, kinds="deployments"):
        """The app's objects on the cluster."""
        items = json.loads(self.kubectl("get", kinds, "-o", "json"))["items"]
        return [item for item in items if item["metadata"]["name"].startswith(self.app.id)]

    def image(self):
        return self.objects()[0]["spec"]["template"]["spec"]["containers"][0]["image"]

    def parts(self):
        """The processes of the cluster."""
        return [line.split()[0] for line in (self.root / "data/kubernetes/pids").read_text().splitlines()]

    def test_a_push_becomes_a_deployment_on_the_cluster(self):
        self.app.define()
        commit = self.app.push("one")
        deployment = self.app.healthy(commit, seconds=120)
        self.assertEqual(self.image(), deployment["status"]["image"])
        status = self.objects()[0]["status"]
        self.assertEqual((status["availableReplicas"], status["updatedReplicas"]), (1, 1))
        self.assertEqual(len(self.objects("services")), 1)

        # The next push changes the image; a foreign change of what is ours is put back.
        self.app.healthy(self.app.push("two"), seconds=120)
        second = self.image()
        self.assertNotEqual(second, deployment["status"]["image"])
        name = self.objects()[0]["metadata"]["name"]
        self.kubectl("set", "image", f"deployment/{name}", "*=example.com/other:1")
        self.suite.until(lambda: self.image() == second, "the foreign image to be put back", 20)

    def test_the_cluster_outlives_another_start_and_ends_with_the_suite(self):
        self.app.define()
        self.app.healthy(self.app.push("one"), seconds=120)
        before = self.parts()
        self.up()
        self.assertEqual(self.parts(), before)
        self.assertEqual(len(self.objects()), 1)

        subprocess.run([e2e.SOURCE / "tools/down", "--root", self.root], check=True, timeout=110)
        self.assertEqual([pid for pid in before if pathlib.Path(f"/proc/{pid}").exists()], [])
        self.up()
        self.assertEqual(len(self.objects()), 1)

    def test_replicas_that_somebody_else_sets_outlive_the_next_push(self):
        self.app.define(deploy={"port": 8080, "healthPath": "/index.html", "replicas": 1, "ignoreDifferences": [
            {"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}]})
        self.app.healthy(self.app.push("one"), seconds=120)
        name = self.objects()[0]["metadata"]["name"]
        self.kubectl("scale", f"deployment/{name}", "--replicas=2")
        self.app.healthy(self.app.push("two"), seconds=120)
        self.assertEqual(self.objects()[0]["spec"]["replicas"], 2)
        self.assertIn("nothing differs from commit", self.suite.cli("diff", f"{self.app.id}/dev"))

    def test_what_is_taken_away_goes_from_the_cluster(self):
        self.app.define()
        self.app.healthy(self.app.push("one"), seconds=120)
        self.app.delete()
        self.suite.until(lambda: not self.objects("deployments,services,pods"), "the app's objects to go", 60)

    def define_synced(self, **deploy):
        """The app follows a path of its repository's default branch; there is no workflow."""
        self.suite.put(self.app.name, {
            "repositories": [{"name": "source", "url": self.app.repository, "account": "local"}],
            "deploy": deploy, "environments": [{"environment": "dev"}]})

    def page(self):
        """What the app's ConfigMap says on the cluster."""
        maps = self.objects("configmaps")
        return maps[0]["data"]["page"] if maps else None

    def test_a_chart_without_a_workflow_follows_git_until_a_rollback_holds_it(self):
        template = ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata: {page: {{ .Values.page }}}\n"
                    "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\n"
                    "metadata: {name: {{ .Release.Name }}}\n"
                    "spec: {rules: [{host: shop.example.com}], tls: [{hosts: [shop.example.com]}]}\n")

        def push(page):
            return self.app.push(page, {
                "Dockerfile": None, "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
                "chart/values.yaml": f"page: {page}\n", "chart/templates/page.yaml": template})

        first = push("one")
        self.define_synced(path="chart")
        deployment = self.app.healthy(first, seconds=120)
        self.assertEqual(self.page(), "one")
        self.assertEqual(deployment["status"]["url"], "https://shop.example.com/")
        second = push("two")
        self.app.healthy(second)
        self.assertEqual(self.page(), "two")
        # What is not below the path deploys nothing.
        number = self.app.deployment()["name"]
        self.app.push("two", {"Dockerfile": None, "README.md": "elsewhere"})

        where = f"{self.app.id}/dev"
        self.suite.cli("rollback", where)
        back = self.app.healthy(first)
        self.assertNotEqual(back["name"], number)
        self.assertTrue(back["status"]["pinned"])
        self.assertEqual(self.page(), "one")
        self.assertIn("yes", self.suite.cli("history", where).splitlines()[1])  # PINNED
        third = push("three")
        self.assertIn("rolled back and holds it", self.suite.cli("why", where))
        journal = f"/v1/decisions?name={self.app.name}/environments/dev"
        held = self.suite.until(lambda: [record for record in self.suite.api("GET", journal)["records"] if third[:7] in record["message"]],
                                "the commit that is not deployed to be told")
        self.assertIn("holds the environment", held[0]["message"])
        self.assertEqual(self.page(), "one")

        # Somebody deploys: it follows again.
        self.suite.cli("deploy", where)
        self.app.healthy(third)
        self.assertEqual(self.page(), "three")
        fourth = push("four")
        self.app.healthy(fourth)
        self.assertEqual(self.page(), "four")

    def push_page(self, page):
        """A commit to the app's repository, with one ConfigMap."""
        return self.app.push(page, {"Dockerfile": None, "k8s/page.yaml":
                                    f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {self.app.id}}}\ndata: {{page: {page}}}\n"})

    def test_a_push_to_a_synced_repository_is_live_without_the_next_fetch(self):
        first = self.push_page("one")
        self.define_synced(path="k8s")
        self.app.healthy(first, seconds=120)
        for page in ("two", "three", "four"):
            self.push_page(page)
            self.suite.until(lambda page=page: self.page() == page, f"page {page} to be live", 30)

    def test_a_push_to_the_gitops_repository_is_live_without_the_next_fetch(self):
        self.app.define()
        self.app.healthy(self.app.push("one"), seconds=120)
        clone = self.suite.work / f"desired-{self.app.id}"
        self.suite.git(self.suite.work, "clone", "-q", f"{self.suite.git_url}/gitops/desired.git", str(clone))
        for page in ("two", "three"):
            (clone / f"demo/{self.app.id}/dev/by-hand.yaml").write_text(
                f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {self.app.id}}}\ndata: {{page: {page}}}\n")
            self.suite.git(clone, "add", "-A")
            self.suite.git(clone, "commit", "-q", "-m", f"page {page}")
            # Another test's app may have moved the branch.
            self.suite.git(clone, "pull", "-q", "--rebase")
            self.suite.git(clone, "push", "-q")
            self.suite.until(lambda page=page: self.page() == page, f"page {page} to be live", 30)

    def push_workload(self, page, behaviour=""):
        """A commit with a ConfigMap, a Secret, and a Deployment whose pods do as the fake kubelet is told."""
        name = f"metadata: {{name: {self.app.id}}}"
        return self.app.push(page, {"Dockerfile": None, "k8s/all.yaml": (
            f"apiVersion: v1\nkind: ConfigMap\n{name}\ndata: {{page: {page}}}\n---\n"
            f"apiVersion: v1\nkind: Secret\n{name}\nstringData: {{key: the-secret-{page}}}\n---\n"
            f"apiVersion: apps/v1\nkind: Deployment\n{name}\nspec:\n  selector: {{matchLabels: {{app: {self.app.id}}}}}\n"
            f"  template:\n    metadata: {{labels: {{app: {self.app.id}}}, annotations: {{kubelet.test/behaviour: \"{behaviour}\"}}}}\n"
            "    spec: {containers: [{name: c, image: registry.test/c}]}\n")})

    def reason(self, part):
        """The newest deployment when its reason contains `part`."""
        return self.suite.until(lambda: (d := self.app.deployment()) and part in d["status"].get("reason", "") and d, part)

    def test_people_see_what_is_wrong_and_what_stands_against_a_sync(self):
        where = f"{self.app.id}/dev"
        first = self.push_workload("one")
        self.define_synced(path="k8s")
        self.app.healthy(first, seconds=120)
        tree = self.suite.cli("tree", where)
        self.assertIn("on cluster kubernetes, commit ", tree)
        self.assertRegex(tree, rf"\nDeployment {self.app.id} +dev +Healthy\n  ReplicaSet {self.app.id}-\w+ +dev +Healthy\n"
                               rf"    Pod {self.app.id}-[\w-]+ +dev +Healthy\n")
        self.assertIn("nothing differs from commit", self.suite.cli("diff", where))

        # The headline names the one object, and what its pods say; the tree has their events.
        self.push_workload("two", "image-pull")
        reason = self.reason("image pull back-off")["status"]["reason"]
        self.assertTrue(reason.startswith(f"waiting for Deployment dev/{self.app.id}: "), reason)
        tree = self.suite.cli("tree", where)
        self.assertRegex(tree, r"\n    Pod [\w-]+ +dev +Degraded +image pull back-off")
        self.assertIn("\n      ! Failed: Failed to pull image", tree)
        self.assertLess(max(map(len, tree.splitlines()[1:3])), 120)
        self.assertIn("waiting for Deployment", self.suite.cli("get", "deployments"))
        self.assertIn(f"{where}#2 ", self.suite.cli("deployments", "--status", "progressing"))
        self.assertNotIn(where, self.suite.cli("deployments", "--health", "running", "--limit", "1000"))

        # Suspended: a commit waits, and everything says so.
        self.suite.cli("suspend", where)
        third = self.push_workload("three")
        self.reason("suspended by user:admin")
        self.assertIn("suspended by user:admin", self.suite.cli("why", where))
        self.assertRegex(self.suite.cli("tree", where), r"commit \w+ is desired, \w+ is applied\n")
        diff = self.suite.cli("diff", where)
        self.assertIn('data.page: "two" -> "three"', diff)
        self.assertIn('data.key: "*** (before)" -> "*** (after)"', diff)
        self.assertNotIn("the-secret", diff)
        self.assertEqual(self.page(), "two")
        self.suite.cli("resume", where)
        self.app.healthy(third)
        self.assertIn("nothing stands against a sync", self.suite.cli("why", where))
        history = self.suite.cli("history", where).splitlines()
        self.assertEqual([line.split()[0].partition("#")[2] for line in history[1:]], ["3", "2", "1"])

    def test_clusters_are_listed_and_checked(self):
        self.assertRegex(self.suite.cli("get", "clusters"), r"\nkubernetes +https://127.0.0.1:\d+ +ready +v1\.")
        check = self.suite.cli("cluster", "check", "kubernetes")
        for stage in ("definition", "reach", "sign-in", "rights"):
            self.assertRegex(check, rf"ok +{stage} ")
        self.assertIn("is this machine", self.suite.cli("cluster", "check", "local", code=1))

    def test_a_new_pull_credential_is_on_the_cluster_at_once(self):
        def pull():
            found = self.kubectl("get", "secret", f"slipway-pull-{self.app.id}", "--ignore-not-found", "-o", "json")
            return base64.b64decode(json.loads(found)["data"][".dockerconfigjson"]).decode() if found else ""

        first = self.push_workload("one")
        self.define_synced(path="k8s")
        self.app.healthy(first, seconds=120)
        self.assertEqual(pull(), "")
        registry = f"registries/{self.app.id}"
        for password in ("the-first-one", "the-second-one"):
            self.suite.put(registry, {"url": "https://registry.test", "username": "puller", "password": {"value": password}})
            self.suite.until(lambda password=password: password in pull(), f"{password} to be on the cluster", 30)
        self.suite.api("DELETE", f"/v1/{registry}")
        self.suite.until(lambda: not pull(), "the pull secret to go", 30)

    def test_a_clusters_new_credential_is_used_at_once(self):
        config = json.loads((self.root / "kubeconfig").read_text())
        server = config["clusters"][0]["cluster"]
        far = f"far-{self.app.id}"

        def give(token):
            self.suite.put(f"clusters/{far}", {"kubernetes": {
                "server": server["server"], "token": {"value": token},
                "ca": base64.b64decode(server["certificate-authority-data"]).decode()}})

        give("no-token-of-this-server")
        self.suite.put(f"environments/{far}", {"cluster": far, "namespace": far})
        commit = self.push_page("one")
        self.suite.put(self.app.name, {
            "repositories": [{"name": "source", "url": self.app.repository, "account": "local"}],
            "deploy": {"path": "k8s"}, "environments": [{"environment": far}]})
        self.suite.until(lambda: (d := self.app.deployment(far)) and "Unauthorized" in d["status"].get("reason", ""), "the refusal", 60)
        self.assertIn("sign-in", self.suite.cli("cluster", "check", far, code=1))
        give(config["users"][0]["user"]["token"])
        self.app.healthy(commit, far, seconds=20)
        self.assertIn("one", self.kubectl("get", "configmap", self.app.id, f"--namespace={far}", "-o", "json"))
        self.app.delete()
        for name in (f"environments/{far}", f"clusters/{far}"):
            self.suite.until(lambda name=name: self.gone(name), f"{name} to be deleted", 60)
        self.kubectl("delete", "namespace", far, "--wait=false")

    def gone(self, name):
        """Whether the definition could be deleted; what it is used by may be going still."""
        return self.suite.request("DELETE", f"/v1/{name}")[0] in (200, 404)

    def test_a_kustomization_without_a_workflow_follows_git_and_goes_with_its_app(self):
        def push(page):
            return self.app.push(page, {
                "Dockerfile": None, "k8s/base/kustomization.yaml": "resources: [page.yaml]\n",
                "k8s/base/page.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: page}\ndata: {page: base}\n",
                "k8s/dev/kustomization.yaml": f"namePrefix: {self.app.id}-\nresources: [../base]\npatches: [{{path: page.yaml}}]\n",
                "k8s/dev/page.yaml": f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: page}}\ndata: {{page: {page}}}\n"})

        first = push("one")
        self.define_synced(path="k8s/dev", revision="main")
        self.app.healthy(first, seconds=120)
        self.assertEqual(self.page(), "one")
        self.app.healthy(push("two"))
        self.assertEqual(self.page(), "two")
        # A commit that does not render fails, says why, and takes nothing away.
        broken = self.app.push("broken", {"Dockerfile": None, "k8s/dev/kustomization.yaml": "resources: [missing.yaml]\n"})
        failed = self.suite.until(lambda: (d := self.app.deployment())["status"]["sourceCommit"] == broken and
                                  d["status"]["state"] == "FAILED" and d, "the broken commit to fail")
        self.assertIn("missing.yaml", failed["status"]["reason"])
        self.assertEqual(self.page(), "two")
        self.app.delete()
        self.suite.until(lambda: not self.objects("configmaps"), "the app's objects to go", 60)


if __name__ == "__main__":
    unittest.main(verbosity=2)
