# shellcheck shell=bash
# The programs of the test cluster: tests/cluster/build takes minutes, once per machine, so it runs beside our own build.

CLUSTER_DIR=$SOURCE_DIR/tests/cluster
CLUSTER_BUILD_PID=
CLUSTER_BUILD_LOG=

# Begins the build in the background unless the programs are there. It ends with its caller.
begin_cluster_build() {
  if "$CLUSTER_DIR/build" --check >/dev/null 2>&1; then return; fi
  # shellcheck disable=SC2034  # for build_jobs: the Go linker's peak
  RESERVED_MIB=2048
  CLUSTER_BUILD_LOG=$(mktemp /tmp/slipway-cluster-build.XXXXXX)
  setsid "$CLUSTER_DIR/build" >/dev/null 2>"$CLUSTER_BUILD_LOG" </dev/null & # a process group, to end all of it
  CLUSTER_BUILD_PID=$!
  trap stop_cluster_build EXIT
}

stop_cluster_build() {
  [[ -n $CLUSTER_BUILD_PID ]] || return 0
  kill -- "-$CLUSTER_BUILD_PID" 2>/dev/null || true
  wait "$CLUSTER_BUILD_PID" 2>/dev/null || true
  CLUSTER_BUILD_PID=
  rm -f "$CLUSTER_BUILD_LOG"
}

# Returns when the programs are there: waits for what was begun, else builds now.
finish_cluster_build() {
  local started folder
  started=$(now_ms)
  if [[ -n $CLUSTER_BUILD_PID ]]; then
    local status=0
    wait "$CLUSTER_BUILD_PID" || status=$?
    CLUSTER_BUILD_PID=
    cat "$CLUSTER_BUILD_LOG" >&2
    rm -f "$CLUSTER_BUILD_LOG"
    ((status == 0)) || fail "the programs of the test cluster could not be built; mend it and run this again"
  fi
  folder=$("$CLUSTER_DIR/build") || fail "the programs of the test cluster could not be built; mend it and run this again"
  step cluster "ok      $folder, waited $(human_ms $(($(now_ms) - started)))"
}
