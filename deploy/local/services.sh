# shellcheck shell=bash
# What runs, as which user, and with which settings: the one table of the suite's processes.
#
# Every service takes its settings from SLIPWAY_<SERVICE>_<NAME>; `slipway-<service> --print-config` shows them.
# services_of_suite prints the names; settings_of NAME prints NAME=VALUE lines; command_of NAME the program.

CORE_SERVICES=(postgres registry git-host push-sender)
SLIPWAY_SERVICES=(auth pipeline build gitops trigger gateway)
RUNNER_SERVICES=(runner)

# Addresses of the suite's own parts: the outgoing guard allows these host:port pairs and no other loopback address.
allowed_hosts() { echo "127.0.0.1:$GIT_PORT,$REGISTRY"; }

# The same with the API server, for the one that deploys to it.
allowed_hosts_and_cluster() {
  local kubernetes=
  ! has_kubernetes || kubernetes=,$(kubernetes_address)
  echo "$(allowed_hosts)$kubernetes"
}

# address_settings SELF PEER...: socket of its own, and where its peers are.
# And a place for temporary files, emptied at each start.
address_settings() {
  local self=$1 upper peer
  upper=${self^^}
  shift
  echo "TMPDIR=$DATA/tmp/$self"
  echo "SLIPWAY_${upper}_LISTEN=unix:$RUN/$self.sock"
  echo "SLIPWAY_${upper}_ADMIN_LISTEN=unix:$RUN/$self-admin.sock"
  for peer in "$@"; do echo "SLIPWAY_${upper}_${peer^^}_ADDRESS=unix:$RUN/$peer.sock"; done
}

database_setting() { echo "SLIPWAY_${1^^}_DATABASE=host=$RUN/pg dbname=slipway user=slipway_$1"; }

# Every service but auth proves who it is to auth with its own token.
token_setting() { echo "SLIPWAY_${1^^}_SERVICE_TOKEN_FILE=$DATA/keys/service-$1.token"; }

# helm and kustomize: those of the suite's cluster, else this machine's, else none.
renderer_settings() {
  local tool program
  for tool in helm kustomize; do
    program=$DATA/kubernetes/bin/$tool
    [[ -x $program ]] || program=$(command -v "$tool") || continue
    echo "SLIPWAY_GITOPS_${tool^^}_BINARY=$program"
  done
}

container_settings() {
  echo "CONTAINERS_CONF=$DATA/containers/containers.conf"
  echo "CONTAINERS_STORAGE_CONF=$DATA/containers/storage.conf"
  echo "CONTAINERS_REGISTRIES_CONF=$DATA/containers/registries.conf"
}

settings_of() {
  echo "HOME=$DATA"
  echo "LC_ALL=C.UTF-8"
  echo "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
  case $1 in
    postgres | registry | git-host) ;;
    kubernetes)
      echo "SLIPWAY_CACHE_DIR=${SLIPWAY_CACHE_DIR:-/var/cache/slipway}"
      echo "KUBEBUILDER_ASSETS=${KUBEBUILDER_ASSETS:-}"
      ;;
    push-sender)
      cat <<ENV
SLIPWAY_PUSH_SENDER_SPOOL_DIR=$DATA/spool
SLIPWAY_PUSH_SENDER_STATE_DIR=$DATA/git-state/refs
SLIPWAY_PUSH_SENDER_STAMP_FILE=$DATA/git-state/host-started
SLIPWAY_PUSH_SENDER_REPOSITORIES_DIR=$DATA/git
SLIPWAY_PUSH_SENDER_GIT_URL=$GIT_URL
SLIPWAY_PUSH_SENDER_HOOK_URL=$GATEWAY_URL/webhooks/github/local
SLIPWAY_PUSH_SENDER_SECRET_FILE=$DATA/etc/git/hook.secret
SLIPWAY_PUSH_SENDER_ADMIN_LISTEN=unix:admin.sock
ENV
      ;;
    auth)
      address_settings auth
      database_setting auth
      cat <<ENV
SLIPWAY_AUTH_KEK_FILE=$DATA/keys/kek
SLIPWAY_AUTH_ASSERTION_KEY_FILE=$DATA/keys/assertion.key
SLIPWAY_AUTH_SERVICE_TOKENS_DIR=$DATA/keys
SLIPWAY_AUTH_ADMIN_PASSWORD_FILE=$DATA/keys/admin-password
SLIPWAY_AUTH_DATA_DIR=$DATA/auth
ENV
      ;;
    pipeline)
      address_settings pipeline auth
      database_setting pipeline
      token_setting pipeline
      cat <<ENV
SLIPWAY_PIPELINE_KEK_FILE=$DATA/keys/kek
SLIPWAY_PIPELINE_DATA_DIR=$DATA/mirrors
SLIPWAY_PIPELINE_ALLOWED_HOSTS=$(allowed_hosts)
ENV
      ;;
    build)
      address_settings build auth pipeline
      database_setting build
      token_setting build
      cat <<ENV
SLIPWAY_BUILD_KEK_FILE=$DATA/keys/kek
SLIPWAY_BUILD_DATA_DIR=$DATA/blobs
SLIPWAY_BUILD_RUNNER_TOKENS_DIR=$DATA/keys
ENV
      ;;
    gitops)
      address_settings gitops auth pipeline build
      database_setting gitops
      token_setting gitops
      container_settings
      renderer_settings
      cat <<ENV
SLIPWAY_GITOPS_KEK_FILE=$DATA/keys/kek
SLIPWAY_GITOPS_DATA_DIR=$DATA/gitops
SLIPWAY_GITOPS_ALLOWED_HOSTS=$(allowed_hosts_and_cluster)
SLIPWAY_GITOPS_LOCAL_PORTS=$APPS_FIRST-$APPS_LAST
SLIPWAY_GITOPS_LOCAL_EVENTS_FILE=$RUN/libpod/events/events.log
ENV
      # For whoever asks for another one than the service's own when the suite is started.
      [[ -z ${SLIPWAY_GITOPS_FETCH_INTERVAL:-} ]] || echo "SLIPWAY_GITOPS_FETCH_INTERVAL=$SLIPWAY_GITOPS_FETCH_INTERVAL"
      ;;
    trigger)
      address_settings trigger auth pipeline build gitops
      database_setting trigger
      token_setting trigger
      echo "SLIPWAY_TRIGGER_KEK_FILE=$DATA/keys/kek"
      echo "SLIPWAY_TRIGGER_DATA_DIR=$DATA/trigger"
      echo "SLIPWAY_TRIGGER_PUBLIC_URL=$GATEWAY_URL"
      ;;
    gateway)
      address_settings gateway auth pipeline build gitops trigger | grep -v '_GATEWAY_LISTEN='
      token_setting gateway
      echo "SLIPWAY_GATEWAY_DATA_DIR=$DATA/gateway"
      echo "SLIPWAY_GATEWAY_HTTP_LISTEN=127.0.0.1:$GATEWAY_PORT"
      ;;
    runner)
      container_settings
      cat <<ENV
SLIPWAY_RUNNER_NAME=local
SLIPWAY_RUNNER_TOKEN_FILE=$DATA/keys/runner-local.token
SLIPWAY_RUNNER_BUILD_ADDRESS=unix:$RUN/build.sock
SLIPWAY_RUNNER_AUTH_ADDRESS=unix:$RUN/auth.sock
SLIPWAY_RUNNER_HIDE=$RUN,$DATA/keys,$DATA/pg,$DATA/git,$DATA/registry,$DATA/blobs,$DATA/mirrors,$DATA/gitops,$DATA/sv,$DATA/log,$DATA/etc,$DATA/spool,$DATA/kubernetes,$DATA/tmp,$ROOT
SLIPWAY_RUNNER_DATA_DIR=$DATA/runner
SLIPWAY_RUNNER_ALLOWED_HOSTS=$(allowed_hosts)
SLIPWAY_RUNNER_ADMIN_LISTEN=unix:$RUN/runner-admin.sock
ENV
      ;;
  esac
}

# The shell line that becomes the process; it runs with the settings above and umask 077.
command_of() {
  case $1 in
    postgres)
      # A postmaster that was killed may leave children that end within a second: postgres refuses, runit tries again.
      echo "exec chpst -u postgres $PG_BIN/postgres -D '$DATA/pg'"
      ;;
    registry) echo "exec chpst -u docker-registry docker-registry serve '$DATA/etc/registry.yml'" ;;
    git-host)
      # Bodies of requests that were cut off.
      echo "find '$DATA/git-state/uploads' -mindepth 1 -delete"
      echo "chpst -u www-data touch '$DATA/git-state/host-started'"
      echo "exec chpst -u www-data lighttpd -D -f '$DATA/etc/git/lighttpd.conf'"
      ;;
    push-sender)
      # www-data may not pass through RUN: the sender starts in its own folder there, and its socket is named from it.
      echo "cd '$RUN/push-sender'"
      echo "exec chpst -u www-data '$DATA/bin/slipway-push-sender'"
      ;;
    kubernetes) echo "exec python3 -B '$CLUSTER_DIR/cluster.py' run '$DATA/kubernetes' --durable" ;;
    *) echo "exec '$BIN_DIR/slipway-$1'" ;;
  esac
}

# The files whose change makes a restart necessary, besides settings and command.
files_of() {
  case $1 in
    postgres) echo "$DATA/pg/slipway.conf $DATA/pg/pg_hba.conf $DATA/pg/pg_ident.conf" ;;
    registry) echo "$DATA/etc/registry.yml" ;;
    git-host) echo "$DATA/etc/git/lighttpd.conf" ;;
    push-sender) echo "$DATA/bin/slipway-push-sender $DATA/etc/git/hook.secret" ;;
    kubernetes) echo "$DATA/kubernetes/bin" ;;
    *) echo "$BIN_DIR/slipway-$1" ;;
  esac
}

services_of_suite() {
  printf '%s\n' "${CORE_SERVICES[@]}" "${SLIPWAY_SERVICES[@]}" "${RUNNER_SERVICES[@]}"
  ! has_kubernetes || echo kubernetes
}

# A build that is not complete would take services out of a running suite.
require_programs() {
  local name
  for name in "${SLIPWAY_SERVICES[@]/#/slipway-}" "${RUNNER_SERVICES[@]/#/slipway-}" "${GIT_HOST_PROGRAMS[@]}" slipway; do
    [[ -x $BIN_DIR/$name ]] || fail "$BIN_DIR/$name is not built; run tools/up without --no-build"
  done
}
