"""The processes of one cluster, and the supervisor that they end with."""

import ctypes
import json
import os
import pathlib
import select
import signal
import subprocess
import time

from . import api, files, programs

CONTROLLERS = ("deployment-controller,replicaset-controller,statefulset-controller,daemonset-controller,job-controller,"
               "cronjob-controller,endpointslice-controller,namespace-controller,garbage-collector-controller,"
               "serviceaccount-controller,serviceaccount-token-controller,root-ca-certificate-publisher-controller,"
               "horizontal-pod-autoscaler-controller,disruption-controller,resourcequota-controller,"
               "clusterrole-aggregation-controller,pod-garbage-collector-controller")
PR_SET_PDEATHSIG = 1
START_SECONDS = 60
ATTEMPTS = 3


class StartError(Exception):
    """The cluster did not start; the text says why."""


class PortTaken(StartError):
    """Somebody else took a port between its choice and its use."""


def started(pid):
    """The start time of a process, so that a reused pid is no old friend; empty when it is gone."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    except OSError:
        return ""


class Cluster:
    """A cluster that lives in a folder as long as its supervisor, this process, does."""

    def __init__(self, folder, durable=False):
        self.files = files.Files(folder)
        self._durable = durable
        self._children = {}
        self._libc = ctypes.CDLL(None, use_errno=True)

    def start(self, alive=lambda: True):
        """Starts all parts and returns when the cluster can be used. `alive` false gives up."""
        for attempt in range(ATTEMPTS):
            try:
                self.files.prepare()
                self._boot(alive)
                return
            except PortTaken:
                self.stop()
                if attempt == ATTEMPTS - 1:
                    raise
                self.files.choose_ports()

    def _boot(self, alive):
        ports, where = self.files.settings["ports"], self.files
        where.ready.unlink(missing_ok=True)
        etcd, peer = (f"http://127.0.0.1:{ports[name]}" for name in ("etcd", "peer"))
        self._spawn("etcd", "--name=test", f"--data-dir={where.data}", f"--listen-client-urls={etcd}",
                    f"--advertise-client-urls={etcd}", f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}",
                    f"--initial-cluster=test={peer}", "--log-level=warn", *([] if self._durable else ["--unsafe-no-fsync"]))
        self._spawn("kube-apiserver", f"--etcd-servers={etcd}", "--bind-address=127.0.0.1", f"--secure-port={ports['api']}",
                    f"--tls-cert-file={where.certificate}", f"--tls-private-key-file={where.key}",
                    f"--token-auth-file={where.tokens}", "--authorization-mode=RBAC",
                    "--service-account-issuer=https://kubernetes.default.svc",
                    f"--service-account-key-file={where.account_public_key}",
                    f"--service-account-signing-key-file={where.account_key}", "--service-cluster-ip-range=10.0.0.0/16",
                    "--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none")
        server = api.Api(where)
        self._wait("the API server to be ready", server.ready, alive)
        self._spawn("kube-controller-manager", f"--kubeconfig={where.kubeconfig_of('controller-manager')}", "--leader-elect=false",
                    "--secure-port=0", f"--service-account-private-key-file={where.account_key}",
                    f"--root-ca-file={where.certificate}", f"--controllers={CONTROLLERS}",
                    # Not by default: 20 a second, which is half a minute for 200 Deployments.
                    "--kube-api-qps=1000", "--kube-api-burst=2000", "--concurrent-deployment-syncs=20",
                    "--concurrent-replicaset-syncs=20")
        node = where.folder / "node-ready"
        node.unlink(missing_ok=True)
        self._spawn("kubelet", f"--kubeconfig={where.kubeconfig_of('kubelet')}", f"--ready={node}")
        server.grant()
        self._wait("the node", node.exists, alive)
        # The controllers work once the first of them has answered.
        self._wait("the controllers", lambda: server.call("GET", "/api/v1/namespaces/restricted/serviceaccounts/default")[0] == 200,
                   alive)
        files.write(where.ready, json.dumps({"pid": os.getpid(), "started": started(os.getpid()), "url": where.url}))

    def _spawn(self, name, *arguments):
        # The fake kubelet is in our program only.
        command = [programs.folder() / "cluster", name] if name == "kubelet" else [programs.program(name)]
        with open(self.files.logs / f"{name}.log", "ab") as log:
            self._children[name] = subprocess.Popen(
                [*command, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, "GOGC": "400"}, preexec_fn=self._die_with_parent)
        files.write(self.files.pids, "".join(f"{child.pid} {started(child.pid)} {name}\n" for name, child in self._children.items()))

    def _die_with_parent(self):
        self._libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    def _wait(self, what, probe, alive):
        end = time.monotonic() + START_SECONDS
        while not probe():
            self.check()
            if not alive():
                raise StartError("stopped while it started")
            if time.monotonic() > end:
                raise StartError(f"waited {START_SECONDS} s in vain for {what}; see {self.files.logs}")
            self.watch(seconds=0.02)

    def check(self):
        """StartError when a part has ended."""
        for name, child in self._children.items():
            if child.poll() is None:
                continue
            lines = (self.files.logs / f"{name}.log").read_text(errors="replace").splitlines()
            if any("address already in use" in line for line in lines[-50:]):
                raise PortTaken(f"{name}: its port is taken")
            raise StartError(f"{name} ended with {child.returncode}: {lines[-1] if lines else ''}; see {self.files.logs}")

    def watch(self, others=(), seconds=None):
        """Waits until a part ends, one of the descriptors `others` becomes readable, or the time is over."""
        poll = select.poll()
        descriptors = []
        for child in self._children.values():
            try:
                descriptors.append(os.pidfd_open(child.pid))
            except ProcessLookupError:
                return
        try:
            for descriptor in [*descriptors, *others]:
                poll.register(descriptor, select.POLLIN)
            poll.poll(None if seconds is None else seconds * 1000)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def stop(self):
        """Kills all parts, at once: there is nothing worth saving, and etcd survives it."""
        self.files.ready.unlink(missing_ok=True)
        for child in self._children.values():
            child.kill()
        for child in self._children.values():
            child.wait()
        self._children.clear()
        self.files.pids.unlink(missing_ok=True)


def kill_left_over(where):
    """Ends the processes that a folder's file of pids names, if they are still the same."""
    try:
        lines = where.pids.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        pid, since = line.split()[:2]
        if started(pid) == since:
            os.kill(int(pid), signal.SIGKILL)
    where.pids.unlink(missing_ok=True)
