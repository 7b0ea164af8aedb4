"""Where the cluster's programs are."""

import functools
import os
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parents[1]


class MissingError(Exception):
    """Something is not there; the text says what to do."""


@functools.cache
def folder():
    """The folder of the programs, as tests/cluster/build made it. Builds nothing."""
    done = subprocess.run([HERE / "build", "--check"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise MissingError(done.stderr.strip())
    return pathlib.Path(done.stdout.strip())


def program(name):
    """One program: a developer's own in KUBEBUILDER_ASSETS, else ours."""
    own = pathlib.Path(os.environ.get("KUBEBUILDER_ASSETS") or "/nonexistent") / name
    return own if os.access(own, os.X_OK) else folder() / name
