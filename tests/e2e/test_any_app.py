"""Any app, not only the example: names, branches, paths, arguments, two workflows, fixed ports, many at once."""

import threading
import unittest

import suite as e2e


class AnyApp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.suite = e2e.Suite()

    @classmethod
    def tearDownClass(cls):
        cls.suite.close()

    def new_app(self, prefix="app"):
        app = e2e.App(self.suite, prefix)
        self.addCleanup(app.delete)
        return app

    def test_other_branch_dockerfile_context_and_arguments(self):
        app = self.new_app()
        app.define(
            **{"from": {"branch": "feature/x.y"}},
            preBuild=[{"name": "prepare", "shell": {"script": "mkdir -p site && cp /usr/bin/busybox site/busybox"}}],
            image={"repository": f"demo/{app.id}", "dockerfile": "deploy/Image.docker", "context": "site", "args": {"GREETING": "from an argument"},
                   "tag": "rel-{x}"})
        dockerfile = e2e.BUSYBOX_DOCKERFILE.replace("COPY www /www", "ARG GREETING\nCOPY www /www\nENV SAID=$GREETING")
        commit = app.push("unused", {"deploy/Image.docker": dockerfile, "site/www/index.html": "from the site", "Dockerfile": None},
                          branch="feature/x.y")
        app.healthy(commit)
        self.assertEqual(app.answer().strip(), "from the site")
        images = self.suite.api("GET", f"/v1/{app.name}/images")["images"]
        self.assertTrue(images[0]["tag"].endswith(f"demo/{app.id}:rel-1"), images[0])

    def test_checkout_into_a_folder(self):
        app = self.new_app()
        app.define(preBuild=[{"name": "prepare", "shell": {"script": "cp /usr/bin/busybox src/busybox"}}])
        self.suite.put(app.name, {"repositories": [{"name": "source", "url": app.repository, "account": "local", "checkoutPath": "src"}],
                                  "deploy": {"port": 8080, "healthPath": "/index.html"}})
        app.healthy(app.push("in a folder"))
        self.assertEqual(app.answer().strip(), "in a folder")

    def test_two_workflows_of_one_app_build_their_own_branches(self):
        app = self.new_app()
        app.define()
        prepare = [{"name": "prepare", "shell": {"script": "cp /usr/bin/busybox busybox"}}]
        self.suite.put(f"{app.name}/workflows/release", {
            "source": {"build": {"from": {"branch": "release"}, "preBuild": prepare, "image": {"repository": f"demo/{app.id}"}}},
            "deploymentPipelines": [{"environment": "prod", "trigger": "AUTOMATIC"}]})
        main = app.push("main says")
        release = app.push("release says", branch="release")
        app.healthy(main)
        app.healthy(release, "prod")
        self.assertEqual(app.answer().strip(), "main says")
        self.assertEqual(app.answer("prod").strip(), "release says")

    def test_twenty_apps_at_once(self):
        apps = [self.new_app("many") for _ in range(20)]
        for app in apps:
            app.define()
        commits = {}

        def push(app):
            commits[app.id] = app.push(f"page of {app.id}")
        threads = [threading.Thread(target=push, args=(app,)) for app in apps]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for app in apps:
            app.healthy(commits[app.id], seconds=180)
            self.assertEqual(app.answer().strip(), f"page of {app.id}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
