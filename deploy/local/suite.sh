# shellcheck shell=bash
# Starts a prepared suite and waits until it answers; stops it; takes it away.

http_status() { curl -s -o /dev/null -m 2 -w '%{http_code}' "$1" 2>/dev/null; }
answers() { [[ $(http_status "$1") == "$2" ]]; }

# lock_suite: one tools/up or tools/down per root at a time. File descriptor 9 is not handed to the supervisor.
lock_suite() {
  install -d -m 0711 /var/lib/slipway
  exec 9>"/var/lib/slipway/.$KEY.lock"
  flock -w 300 9 || fail "another tools/up or tools/down works on $ROOT; wait for it to end"
}

prepare_suite() {
  require_programs
  make_layout
  choose_ports
  make_keys
  prepare_postgres
  prepare_registry
  prepare_git_host
  prepare_containers
  prepare_kubernetes
  drop_unknown_services
  local name
  while read -r name; do write_service "$name"; done < <(services_of_suite)
}

start_suite() {
  local started name
  started=$(now_ms)
  start_supervisor
  start_service postgres
  for name in registry git-host push-sender; do start_service "$name"; done
  ! has_kubernetes || start_service kubernetes
  wait_until 30 postgres_ready || fail "PostgreSQL did not start; see $DATA/log/postgres/current"
  create_database || fail "the database could not be created; see $DATA/log/postgres/current"
  for name in "${SLIPWAY_SERVICES[@]}" "${RUNNER_SERVICES[@]}"; do start_service "$name"; done
  wait_until 20 answers "$GIT_URL/" 401 || fail "the git host did not start; see $DATA/log/git-host/current"
  wait_until 20 answers "http://$REGISTRY/v2/" 401 || fail "the registry did not start; see $DATA/log/registry/current"
  wait_until 60 answers "$GATEWAY_URL/readyz" 200 ||
    fail "the gateway is not ready: $(curl -s -m 2 "$GATEWAY_URL/readyz" | head -c 300); see $DATA/log/*/current"
  step suite "ready   $(human_ms $(($(now_ms) - started)))   postgres, registry, git host, ${SLIPWAY_SERVICES[*]}, ${#RUNNER_SERVICES[@]} runner"
}

stop_suite() {
  [[ -d $DATA ]] || return 0
  stop_supervisor
  remove_containers
}

# Removes what tools/up made for this root. The folder ROOT itself goes only if nothing else is in it.
purge_suite() {
  if [[ -d $DATA ]]; then remove_container_network; fi
  rm -rf "$RUN" "$DATA"
  rm -f "$ROOT/run" "$ROOT/data" "$ROOT/env" "$ROOT/admin-password" "$ROOT/kubeconfig" "$ROOT/kubectl"
  rmdir "$ROOT" 2>/dev/null || true
  rm -f "/var/lib/slipway/.$KEY.lock"
  rmdir /run/slipway 2>/dev/null || true
}
