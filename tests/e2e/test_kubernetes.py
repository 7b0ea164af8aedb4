"""tools/up --kubernetes: the same push, deployed to a Kubernetes cluster; kubectl sees what Slipway says."""

import json
import pathlib
import subprocess
import unittest

import suite as e2e


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
        subprocess.run([e2e.SOURCE / "tools/up", "--no-build", "--no-demo", "--root", cls.root, *arguments], check=True, timeout=170)

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

    def test_what_is_taken_away_goes_from_the_cluster(self):
        self.app.define()
        self.app.healthy(self.app.push("one"), seconds=120)
        self.app.delete()
        self.suite.until(lambda: not self.objects("deployments,services,pods"), "the app's objects to go", 60)


if __name__ == "__main__":
    unittest.main(verbosity=2)
