#!/usr/bin/python3
"""A Kubernetes cluster without nodes for tests and demo, in a folder.

  cluster.py run FOLDER [--durable]     in the foreground until SIGTERM or SIGINT; data, ports and tokens of the folder are kept
  cluster.py prepare FOLDER             makes the folder's files only
  cluster.py wait FOLDER                returns when the cluster that another process runs can be used
  cluster.py start FOLDER [--for PID]   in the background, fresh, shared by all who start it
  cluster.py stop FOLDER [--for PID]    the last of them ends it; so does the end of all these processes
"""

import argparse
import os
import pathlib
import shutil
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from control import files, processes, programs, shared  # noqa: E402


def link_programs(where):
    """FOLDER/bin: kubectl and the others, for whoever was told the folder only."""
    link = where.folder / "bin"
    if not link.is_symlink() or link.readlink() != programs.folder():
        link.unlink(missing_ok=True)
        link.symlink_to(programs.folder())


def run(folder, durable, is_shared):
    """The supervisor: what it started ends with it, however it ends."""
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    stopped = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stopped.append(True))

    cluster = processes.Cluster(folder, durable)
    where = cluster.files
    begun = time.monotonic()

    def wanted():
        return not stopped and (not is_shared or shared.live_users(where))

    try:
        processes.kill_left_over(where)
        where.prepare()
        link_programs(where)
        cluster.start(wanted)
        print(f"ready after {time.monotonic() - begun:.1f} s at {where.url}", flush=True)
        while not stopped:
            if is_shared and not shared.live_users(where):
                with shared.locked(where):  # nobody may come while the cluster goes
                    if not shared.live_users(where):
                        cluster.stop()
                        shutil.rmtree(where.folder)
                        return
            with shared.user_descriptors(where if is_shared else None) as users:
                cluster.watch([wake, *users], seconds=1 if is_shared else None)
            if not stopped:
                cluster.check()
    finally:
        cluster.stop()


def wait(folder, seconds):
    """Returns when the cluster is ready."""
    end = time.monotonic() + seconds
    while shared.supervisor(files.Files(folder)) is None:
        if time.monotonic() > end:
            raise processes.StartError(f"the cluster in {folder} is not ready after {seconds} s")
        time.sleep(0.05)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["run", "prepare", "wait", "start", "stop"])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--durable", action="store_true", help="etcd writes to the disk before it answers")
    parser.add_argument("--shared", action="store_true", help="run: end with the last noted user")
    parser.add_argument("--for", dest="user", type=int, default=os.getppid(), help="the user; default: the caller")
    parser.add_argument("--seconds", type=int, default=60, help="wait: at most so long")
    given = parser.parse_args()
    try:
        if given.action == "run":
            run(given.folder, given.durable, given.shared)
        elif given.action == "prepare":
            where = files.Files(given.folder)
            where.prepare()
            link_programs(where)
        elif given.action == "wait":
            wait(given.folder, given.seconds)
        elif given.action == "start":
            shared.start(given.folder, given.user)
        else:
            shared.stop(given.folder, given.user)
    except (processes.StartError, programs.MissingError, OSError) as error:
        sys.exit(f"cluster.py: {error}")


if __name__ == "__main__":
    main()
