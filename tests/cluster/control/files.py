"""The folder of one cluster: certificate, keys, tokens, ports and kubeconfigs. What is there already is kept."""

import base64
import json
import os
import pathlib
import random
import secrets
import socket
import subprocess

# Who may come, with which groups. system:masters is exempt from authorization and from flow control.
USERS = {
    "admin": "system:masters",
    "controller-manager": "system:masters",
    "kubelet": "system:masters",
    "slipway": "",  # cluster-admin by RBAC
    "restricted": "",  # may do everything in the namespace "restricted" and nothing elsewhere
}
# Below the ports that the kernel gives to outgoing connections, so that none of them is taken between choice and use.
PORTS = range(20000, 32000)


def write(path, text, mode=0o600):
    """The file in one step."""
    new = path.with_name(path.name + ".new")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
        file.write(text)
    new.rename(path)


def free_port(taken=()):
    """A loopback port that nobody uses now."""
    for _ in range(1000):
        port = random.choice(PORTS)
        if port in taken:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise OSError("no free port on loopback")


class Files:
    """Names and contents of a cluster's folder."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()
        self.settings_file = self.folder / "cluster.json"
        self.kubeconfig = self.folder / "kubeconfig"
        self.certificate = self.folder / "pki/tls.crt"
        self.key = self.folder / "pki/tls.key"
        self.account_key = self.folder / "pki/sa.key"
        self.account_public_key = self.folder / "pki/sa.pub"
        self.tokens = self.folder / "tokens.csv"
        self.data = self.folder / "etcd"
        self.logs = self.folder / "log"
        self.ready = self.folder / "ready"
        self.pids = self.folder / "pids"
        self.users = self.folder / "users"
        self.settings = json.loads(self.settings_file.read_text()) if self.settings_file.exists() else {}

    @property
    def url(self):
        """The API server's address."""
        return f"https://127.0.0.1:{self.settings['ports']['api']}"

    def kubeconfig_of(self, user):
        """The administrator's is `kubeconfig`, the others' have their name."""
        return self.kubeconfig if user == "admin" else self.folder / f"kubeconfig-{user}"

    def prepare(self):
        """Makes what is missing."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for folder in (self.certificate.parent, self.logs):
            folder.mkdir(mode=0o700, exist_ok=True)
        if not self.settings:
            self.settings = {"tokens": {user: secrets.token_hex(16) for user in USERS}}
            self.choose_ports()
        if not self.account_public_key.exists():
            self._make_keys()
        write(self.tokens, "".join(f'{self.settings["tokens"][user]},{user},{user},"{group}"\n' for user, group in USERS.items()))
        self._write_kubeconfigs()

    def choose_ports(self):
        """Other ports than so far; the kubeconfigs follow."""
        ports = {}
        for name in ("api", "etcd", "peer"):
            ports[name] = free_port(ports.values())
        self.settings["ports"] = ports
        write(self.settings_file, json.dumps(self.settings, indent=1))
        if self.certificate.exists():
            self._write_kubeconfigs()

    def _make_keys(self):
        def openssl(*arguments):
            subprocess.run(["openssl", *arguments], check=True, capture_output=True, umask=0o077)

        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650",
                "-subj", "/CN=slipway-test-cluster", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
                "-keyout", self.key, "-out", self.certificate)
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.account_key)
        openssl("ec", "-in", self.account_key, "-pubout", "-out", self.account_public_key)

    def _write_kubeconfigs(self):
        authority = base64.b64encode(self.certificate.read_bytes()).decode()
        for user, token in self.settings["tokens"].items():
            context = {"cluster": "test", "user": user}
            if user == "restricted":
                context["namespace"] = "restricted"
            # JSON is YAML.
            write(self.kubeconfig_of(user), json.dumps({
                "apiVersion": "v1", "kind": "Config", "current-context": "test",
                "clusters": [{"name": "test", "cluster": {"server": self.url, "certificate-authority-data": authority}}],
                "users": [{"name": user, "user": {"token": token}}],
                "contexts": [{"name": "test", "context": context}]}, indent=1) + "\n")
