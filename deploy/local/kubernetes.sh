# shellcheck shell=bash
# The suite's Kubernetes cluster, for those who ask for it: tests/cluster, run by the supervisor like any other part.
# The choice stands in DATA/kubernetes, so that later starts keep the cluster.

has_kubernetes() { [[ -d $DATA/kubernetes ]]; }

# choose_kubernetes CHOSEN BUILD: with a cluster if it is chosen (1) or was before; BUILD 0 builds none of its programs.
choose_kubernetes() {
  (($1)) || has_kubernetes || return 0
  if (($2)); then
    finish_cluster_build
  else
    "$CLUSTER_DIR/build" --check >/dev/null || fail "the programs of the Kubernetes cluster are not there"
  fi
  install -d -m 0711 "$DATA"
  install -d -m 0700 "$DATA/kubernetes"
}

# Certificates, tokens and ports, each made once.
prepare_kubernetes() {
  has_kubernetes || return 0
  python3 -B "$CLUSTER_DIR/cluster.py" prepare "$DATA/kubernetes" || fail "the files of the Kubernetes cluster could not be made"
}

# The API server's host:port.
kubernetes_address() { json_field ports.api <"$DATA/kubernetes/cluster.json" | sed 's/^/127.0.0.1:/'; }

# Waits for the cluster and hands it to the user: ROOT/kubeconfig, of a user who may do everything by RBAC, and ROOT/kubectl.
connect_kubernetes() {
  has_kubernetes || return 0
  local started
  started=$(now_ms)
  python3 -B "$CLUSTER_DIR/cluster.py" wait "$DATA/kubernetes" || fail "Kubernetes did not start; see $DATA/log/kubernetes/current"
  install -m 0600 "$DATA/kubernetes/kubeconfig-slipway" "$ROOT/kubeconfig"
  ln -sfn "$(readlink -f "$DATA/kubernetes/bin/kubectl")" "$ROOT/kubectl"
  give_to_caller "$ROOT/kubeconfig" "$ROOT/kubectl"
  step kubernetes "ready   $(human_ms $(($(now_ms) - started)))   https://$(kubernetes_address)"
}

# What the demo's app has become on the cluster, as kubectl sees it.
show_kubernetes() {
  has_kubernetes || return 0
  local line
  "$ROOT/kubectl" --kubeconfig="$ROOT/kubeconfig" --namespace=dev get deployments,services,pods --no-headers | while IFS= read -r line; do
    printf '  %-13s %s\n' kubectl "$line"
  done
}
