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
build=${SLIPWAY_BIN_DIR%/bin}
key=$(printf %s "$build" | md5sum | cut -c1-8)
parts() { ctest --test-dir "$build" --no-tests=error -R "^(postgres|cluster)\\.$1\$" >/dev/null; }
trap 'parts stop' EXIT
parts start
SLIPWAY_TEST_PG=/tmp/slipway-postgres-$key SLIPWAY_TEST_CLUSTER=/tmp/slipway-cluster-$key \
  SLIPWAY_HISTORIES=$histories SLIPWAY_HISTORY_SEED=$seed \
  "$build/tests/gitops_kubernetes_test" "whatever is committed*"
