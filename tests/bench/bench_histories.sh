#!/bin/bash
# long: random histories of commits, kills, foreign edits and faults on Kubernetes (the test of it, with other seeds).
set -euo pipefail
histories=100 seed=1000
while (($#)); do
  case $1 in
    --histories) histories=$2; shift ;;
    --seed) seed=$2; shift ;;
    *) echo "usage: tools/bench histories [--histories N] [--seed FIRST]"; [[ $1 == --help ]] && exit 0 || exit 2 ;;
  esac
  shift
done
folder=$(mktemp -d /tmp/slipway-histories.XXXXXX)
postgres=$SLIPWAY_SOURCE_DIR/libs/db/testing/postgres_fixture.sh
cluster=$SLIPWAY_SOURCE_DIR/tests/cluster/cluster.py
finish() {
  "$cluster" stop "$folder/cluster" --for $$
  "$postgres" stop "$folder/postgres"
  rm -rf "$folder"
}
trap finish EXIT
chmod 755 "$folder"
"$postgres" start "$folder/postgres"
"$cluster" start "$folder/cluster" --for $$
SLIPWAY_TEST_PG=$folder/postgres SLIPWAY_TEST_CLUSTER=$folder/cluster \
  SLIPWAY_HISTORIES=$histories SLIPWAY_HISTORY_SEED=$seed \
  "${SLIPWAY_BIN_DIR%/bin}/tests/gitops_kubernetes_test" "whatever is committed*"
