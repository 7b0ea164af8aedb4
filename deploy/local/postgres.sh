# shellcheck shell=bash
# A private PostgreSQL cluster: sockets only, peer authentication, one role and schema per service.

PG_BIN=/usr/lib/postgresql/15/bin
PG_SERVICES=(auth pipeline build gitops trigger)

# Files that are written at every start; the cluster itself only at the first.
prepare_postgres() {
  if [[ ! -s $DATA/pg/PG_VERSION ]]; then
    # A first start that was cut off left a part of a cluster: without PG_VERSION nothing in it is of use.
    find "$DATA/pg" -mindepth 1 -delete
    runuser -u postgres -- "$PG_BIN/initdb" -D "$DATA/pg/.new" -U postgres -A peer --locale=C.UTF-8 -E UTF8 \
      --data-checksums >"$DATA/log/initdb.log" 2>&1 </dev/null ||
      fail "initdb failed; see $DATA/log/initdb.log"
    runuser -u postgres -- sh -c 'mv "$1"/.new/* "$1"/ && rmdir "$1/.new"' - "$DATA/pg"
  fi
  # No rights are granted by these files but to root and to postgres itself, and only over the socket.
  postgres_conf | write_file "$DATA/pg/slipway.conf" 0600
  grep -qx "include 'slipway.conf'" "$DATA/pg/postgresql.conf" || echo "include 'slipway.conf'" >>"$DATA/pg/postgresql.conf"
  echo 'local all all peer map=slipway' | write_file "$DATA/pg/pg_hba.conf" 0600
  {
    echo "slipway postgres postgres"
    local role
    for role in postgres "${PG_SERVICES[@]/#/slipway_}"; do echo "slipway root $role"; done
  } | write_file "$DATA/pg/pg_ident.conf" 0600
  chown postgres:postgres "$DATA"/pg/{slipway,postgresql,pg_hba,pg_ident}.conf
}

postgres_conf() {
  cat <<CONF
listen_addresses = ''
unix_socket_directories = '$RUN/pg'
unix_socket_permissions = 0700
shared_buffers = 32MB
max_connections = 60
max_worker_processes = 2
max_parallel_workers = 0
max_wal_senders = 0
wal_level = minimal
jit = off
autovacuum_max_workers = 1
max_wal_size = 512MB
huge_pages = off
logging_collector = off
log_min_messages = warning
CONF
}

# psql_admin [ARGS...]: as the cluster's superuser. In C.UTF-8 and without the caller's PG variables.
psql_admin() {
  env -i PATH="$PATH" LC_ALL=C.UTF-8 "$PG_BIN/psql" -X -q -v ON_ERROR_STOP=1 -h "$RUN/pg" -U postgres "$@"
}

postgres_ready() { "$PG_BIN/pg_isready" -q -h "$RUN/pg" -t 1; }

# The database, and per service a role and a schema of the same short name. Safe to repeat.
create_database() {
  [[ ! -e $DATA/pg-created ]] || return 0
  if ! psql_admin -d postgres -Atc "SELECT 1 FROM pg_database WHERE datname = 'slipway'" | grep -q 1; then
    psql_admin -d postgres -c 'CREATE DATABASE slipway'
  fi
  local service
  for service in "${PG_SERVICES[@]}"; do
    psql_admin -d slipway >/dev/null <<SQL
DO \$\$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'slipway_$service') THEN
    CREATE ROLE slipway_$service LOGIN;
  END IF;
END \$\$;
SET client_min_messages = warning;
CREATE SCHEMA IF NOT EXISTS $service AUTHORIZATION slipway_$service;
ALTER ROLE slipway_$service IN DATABASE slipway SET search_path = $service;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
SQL
  done
  touch "$DATA/pg-created"
}
