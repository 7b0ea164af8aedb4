"""The processes of a suite under its supervisor: who they are, and how to kill them."""

import os
import pathlib
import signal
import threading
import time

# All that may be killed. The supervisor starts each again.
OURS = ("auth", "pipeline", "build", "gitops", "trigger", "gateway", "runner", "push-sender")
OTHERS = ("postgres", "git-host", "registry")


class Parts:
    """Kills by the process id that the supervisor wrote down, never by name."""

    def __init__(self, root):
        self.folder = (pathlib.Path(root) / "data").resolve() / "sv"
        # (time, name), in order.
        self.kills = []

    def pid(self, name):
        """The process id of a part that runs; None while it does not."""
        supervise = self.folder / name / "supervise"
        try:
            if not (supervise / "stat").read_text().startswith("run"):
                return None
            return int((supervise / "pid").read_text() or 0) or None
        except (OSError, ValueError):
            return None

    def kill(self, name):
        """kill -9, and waits until the supervisor has started it again (not until it works). False: it did not run."""
        pid = self.pid(name)
        if pid is None:
            return False
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        self.kills.append((time.time(), name))
        end = time.monotonic() + 30
        pause = threading.Event()
        while time.monotonic() < end:
            now = self.pid(name)
            if now is not None and now != pid:
                return True
            pause.wait(0.02)
        raise AssertionError(f"the supervisor did not start {name} again within 30 s; see {self.folder.parent / 'log' / name / 'current'}")
