"""Pushes that keep coming while parts die, and what was promised for each."""

import subprocess
import threading
import time

import suite as e2e

# A step says on the network that it ran: what the suite claims about attempts is compared with what was executed.
SCRIPT = """set -e
wget -q -O /dev/null "{counter}/$SLIPWAY_APP/$SLIPWAY_WORKFLOW/$SLIPWAY_RUN_NUMBER/$SLIPWAY_ATTEMPT" || echo "counter not reached"
i=0
while [ $i -lt 200 ]; do i=$((i + 1)); echo "line $i of attempt $SLIPWAY_ATTEMPT"; done
cp /usr/bin/busybox busybox
"""
LOG_LINES = 200


class Pusher:
    """One app and the thread that pushes to it. A push that was not answered is repeated, the same commit, until it is."""

    def __init__(self, suite, number, counter_url, rng, limit):
        self.suite = suite
        self.rng = rng
        self.limit = limit
        self.app = e2e.App(suite, f"fault{number}")
        # Every second app has two workflows on its branch.
        self.workflows = ("main", "other") if number % 2 else ("main",)
        script = SCRIPT.format(counter=counter_url)
        self.app.define(preBuild=[{"name": "prepare", "shell": {"script": script}}])
        if "other" in self.workflows:
            self.app.define(name="other", environments=(), preBuild=[{"name": "prepare", "shell": {"script": script}}],
                            image={"repository": f"demo/{self.app.id}-other"})
        # Commits whose push the git host answered, in order.
        self.accepted = []
        # How often a push had to be repeated.
        self.repeated = 0
        self.ended = 0
        self.lock = threading.Lock()
        self.stop = threading.Event()
        self.error = None
        self.thread = threading.Thread(target=self._work, name=self.app.id)

    def push(self):
        """One push, until it is accepted; its commit."""
        with self.lock:
            commit = self._commit(f"page {len(self.accepted)} of {self.app.id}")
            while True:
                try:
                    self.suite.git(self.app.folder, "push", "-q", "origin", "HEAD:main")
                    break
                except (AssertionError, subprocess.TimeoutExpired) as error:
                    if "rejected" in str(error):
                        raise
                    self.repeated += 1
                    threading.Event().wait(0.1)
            self.accepted.append(commit)
            return commit

    def page(self):
        """What the app has to say when the last push has arrived."""
        return f"page {len(self.accepted) - 1} of {self.app.id}"

    def _commit(self, text):
        files = {"Dockerfile": e2e.BUSYBOX_DOCKERFILE, "www/index.html": text}
        for path, content in files.items():
            (self.app.folder / path).parent.mkdir(exist_ok=True)
            (self.app.folder / path).write_text(content)
        self.suite.git(self.app.folder, "add", "-A")
        self.suite.git(self.app.folder, "commit", "-q", "-m", text)
        return self.suite.git(self.app.folder, "rev-parse", "HEAD")

    def _work(self):
        try:
            while not self.stop.wait(self.rng.uniform(0.2, 3)):
                # What is built falls behind what can be pushed: at most `limit` pushes are under way.
                if len(self.accepted) - self.ended < self.limit:
                    self.push()
        except Exception as error:  # noqa: BLE001: reported by the run
            self.error = error


class Counter:
    """An HTTP server on loopback that counts what executed steps say."""

    def __init__(self):
        import http.server

        self.seen = {}
        counter = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                counter.seen.setdefault(self.path, []).append(time.time())
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
