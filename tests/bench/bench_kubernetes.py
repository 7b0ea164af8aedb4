#!/usr/bin/env python3
"""long: 1,000 apps of 4 objects on Kubernetes until all are healthy, beside a bare loop and kubectl; drift put back."""

import argparse
import json
import subprocess
import sys
import threading
import time

import bench
import on_kubernetes

IN_FLIGHT = (16, 32, 64)
DRIFTS = 100
OVER_LOOP = 1.3
DRIFT_P99 = 1.0


def objects(app, namespace):
    """What one app consists of: nothing that needs a node."""
    labels = {"app": app}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": app, "namespace": namespace}},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": app, "namespace": namespace},
         "spec": {"selector": labels, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": app, "namespace": namespace},
         "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": {
             "metadata": {"labels": labels},
             "spec": {"serviceAccountName": app, "containers": [{"name": "app", "image": "example.com/app:1"}]}}}},
        {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": app, "namespace": namespace},
         "spec": {"rules": [{"host": f"{app}.example.com", "http": {"paths": [
             {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": app, "port": {"name": "http"}}}}]}}]}}]


def bare_loop(suite, server, count):
    """Seconds of the loop by requests in flight."""
    taken = {}
    for in_flight in IN_FLIGHT:
        namespace = f"loop-{in_flight}"
        server.make_namespace(namespace)
        lines = "\n".join(json.dumps(each) for app in on_kubernetes.names(count) for each in objects(app, namespace))
        done = subprocess.run([bench.e2e.BIN / "bench_apply_loop", suite.root / "kubeconfig", str(in_flight)], input=lines, text=True,
                              capture_output=True, check=True)
        taken[in_flight] = float(done.stdout)
        server.drop_namespace(namespace)
    return taken


def kubectl(suite, server, count):
    """Seconds of kubectl apply --server-side."""
    server.make_namespace("kubectl")
    text = "\n---\n".join(json.dumps(each) for app in on_kubernetes.names(count) for each in objects(app, "kubectl"))
    started = time.monotonic()
    subprocess.run([suite.root / "kubectl", f"--kubeconfig={suite.root / 'kubeconfig'}", "apply", "--server-side", "-f", "-"],
                   input=text, text=True, stdout=subprocess.DEVNULL, check=True)
    taken = time.monotonic() - started
    server.drop_namespace("kubectl")
    return taken


def drift(server, count):
    """Seconds until a foreign change of a Deployment is put back, one after the other."""
    server.close()
    taken = []
    pause = threading.Event()
    for number in range(DRIFTS):
        path = f"/apis/apps/v1/namespaces/dev/deployments/bench-{number % count:05}"
        container = {"name": "app", "image": f"example.com/foreign:{number}"}
        server.call("PATCH", path, {"spec": {"template": {"spec": {"containers": [container]}}}}, "application/strategic-merge-patch+json")
        started = time.monotonic()
        while server.call("GET", path)["spec"]["template"]["spec"]["containers"][0]["image"] != "example.com/app:1":
            if time.monotonic() - started > 60:
                raise RuntimeError(f"{path} was not put back within a minute")
            pause.wait(0.005)
        taken.append(time.monotonic() - started)
    return taken


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--apps", type=int, default=1000)
    count = parser.parse_args().apps
    suite, server = on_kubernetes.start()
    loops = bare_loop(suite, server, count)
    by_kubectl = kubectl(suite, server, count)
    taken, defined = on_kubernetes.deploy(suite, count, objects)
    times = drift(server, count)
    suite.close()
    best = min(loops.values())
    bench.table([(f"bare loop, {in_flight} in flight", bench.milliseconds(seconds)) for in_flight, seconds in loops.items()] +
                [("kubectl apply --server-side", bench.milliseconds(by_kubectl)), ("apps defined before, in", bench.milliseconds(defined)),
                 ("drift put back, p50", bench.milliseconds(bench.percentile(times, 50)))])
    p99 = bench.percentile(times, 99)
    return 0 if bench.verdict([
        (f"{count} apps of 4 objects healthy", f"{OVER_LOOP} x the loop: {bench.milliseconds(OVER_LOOP * best)}",
         f"{bench.milliseconds(taken)}, {taken / best:.2f} x", taken <= OVER_LOOP * best),
        ("drift put back, p99", bench.milliseconds(DRIFT_P99), bench.milliseconds(p99), p99 <= DRIFT_P99)]) else 1


if __name__ == "__main__":
    sys.exit(main())
