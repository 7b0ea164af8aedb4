"""The few calls to the API server that starting a cluster takes."""

import json
import ssl
import urllib.error
import urllib.request

RBAC = "/apis/rbac.authorization.k8s.io/v1"


class Api:
    """The API server as its administrator."""

    def __init__(self, files):
        self._files = files
        self._tls = ssl.create_default_context(cafile=files.certificate)

    def call(self, method, path, body=None):
        """Status and text of the answer; OSError when there is none."""
        request = urllib.request.Request(self._files.url + path, method=method,
                                         data=None if body is None else json.dumps(body).encode())
        request.add_header("Authorization", "Bearer " + self._files.settings["tokens"]["admin"])
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=5, context=self._tls) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def ready(self):
        """Whether the server says so. Its certificate is this cluster's, so no other server on the port is taken for it."""
        try:
            return self.call("GET", "/readyz")[0] == 200
        except OSError:
            return False

    def create(self, path, body):
        """Creates an object unless it is there."""
        status, text = self.call("POST", path, body)
        if status not in (201, 409):
            raise RuntimeError(f"POST {path}: {status} {text}")

    def grant(self):
        """The rights of the users that are no masters."""
        def binding(user, role):
            return {"metadata": {"name": user}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
                    "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}]}
        self.create(f"{RBAC}/clusterrolebindings", binding("slipway", "cluster-admin"))
        self.create("/api/v1/namespaces", {"metadata": {"name": "restricted"}})
        self.create(f"{RBAC}/namespaces/restricted/rolebindings", binding("restricted", "admin"))
