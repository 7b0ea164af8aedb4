"""Faults: while pushes keep coming, every part of the suite is killed; nothing accepted is lost and nothing is done twice."""

import subprocess
import unittest

import suite as e2e
from faults import run as fault_run

KILLS = 30
SEED = 20261121


class Faults(unittest.TestCase):
    """In a suite of its own, since others could not bear it."""

    def setUp(self):
        self.root = e2e.own_root("faults")
        self.addCleanup(subprocess.run, [e2e.SOURCE / "tools/down", "--root", self.root, "--purge"], check=True, timeout=110)
        subprocess.run([e2e.SOURCE / "tools/up", "--no-build", "--no-demo", "--root", self.root], check=True, timeout=110)
        self.suite = e2e.Suite(self.root)
        self.addCleanup(self.suite.close)

    def test_nothing_is_lost_and_nothing_done_twice(self):
        run = fault_run.FaultRun(self.suite, KILLS, SEED)
        self.addCleanup(run.close)
        self.assertEqual(run.run(), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
