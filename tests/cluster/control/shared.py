"""One cluster for many tests: it lives as long as one of its users, processes like ctest, does."""

import contextlib
import fcntl
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys
import time

from . import files, processes, programs


def live_users(where, without=None):
    """The noted users that still live, as (pid, start time)."""
    try:
        lines = where.users.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    users = [tuple(line.split()) for line in lines]
    return [(pid, since) for pid, since in users if pid != without and processes.started(pid) == since]


@contextlib.contextmanager
def user_descriptors(where):
    """Descriptors that become readable when a user ends; none without a folder."""
    descriptors = []
    for pid, _ in live_users(where) if where else []:
        with contextlib.suppress(ProcessLookupError):
            descriptors.append(os.pidfd_open(int(pid)))
    try:
        yield descriptors
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def supervisor(where):
    """The process id of the folder's supervisor, if its cluster is ready."""
    try:
        ready = json.loads(where.ready.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return ready["pid"] if processes.started(ready["pid"]) == ready["started"] else None


def _is_file(descriptor, path):
    try:
        return os.fstat(descriptor).st_ino == os.stat(path).st_ino
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def locked(where):
    """The folder, made if it is missing, for this process alone. The lock goes with the folder."""
    while True:
        where.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            lock = os.open(where.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:
            continue  # whoever stopped the cluster took the folder away meanwhile
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if _is_file(lock, where.folder / "lock"):
                yield
                return
        finally:
            os.close(lock)


def start(folder, user):
    """Notes the user, and starts the cluster if it does not run."""
    where = files.Files(folder)
    programs.folder()  # what is missing is said before anything is started
    with locked(where):
        users = [*live_users(where, str(user)), (str(user), processes.started(user))]
        fresh = supervisor(where) is None
        if fresh:
            _clear(where)
        files.write(where.users, "".join(f"{pid} {since}\n" for pid, since in users))
        if fresh:
            _boot(where)


def _clear(where):
    processes.kill_left_over(where)
    for entry in where.folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != "lock":
            entry.unlink()


def _boot(where):
    log = where.folder / "supervisor.log"
    script = pathlib.Path(__file__).resolve().parents[1] / "cluster.py"
    with open(log, "ab") as output:
        child = subprocess.Popen([sys.executable, "-B", script, "run", where.folder, "--shared"], stdin=subprocess.DEVNULL,
                                 stdout=output, stderr=output, start_new_session=True)
    end = time.monotonic() + 2 * processes.START_SECONDS
    descriptor = os.pidfd_open(child.pid)
    try:
        while supervisor(where) is None:
            ended, _, _ = select.select([descriptor], [], [], 0.01)
            if ended or time.monotonic() > end:
                child.kill()
                child.wait()
                raise processes.StartError(f"the cluster did not start: {log.read_text(errors='replace').strip()[-2000:]}")
    finally:
        os.close(descriptor)


def stop(folder, user):
    """Forgets the user; with the last one the cluster ends, and its folder goes."""
    where = files.Files(folder)
    if not where.folder.exists():
        return
    with locked(where):
        users = live_users(where, str(user))
        files.write(where.users, "".join(f"{pid} {since}\n" for pid, since in users))
        if not users:
            terminate(where)
            processes.kill_left_over(where)
            shutil.rmtree(where.folder)


def terminate(where):
    """Ends the folder's supervisor, and with it the cluster."""
    pid = supervisor(where)
    if pid is None:
        return
    descriptor = os.pidfd_open(pid)
    try:
        os.kill(pid, signal.SIGTERM)
        if not select.select([descriptor], [], [], 20)[0]:
            os.kill(pid, signal.SIGKILL)
            select.select([descriptor], [], [], 5)
    finally:
        os.close(descriptor)
