#!/bin/bash
# postgres_fixture.sh start|stop FOLDER
# A throw-away PostgreSQL cluster for tests: sockets only, in FOLDER (short, under /tmp), data in FOLDER/data, no fsync.
# Each caller (ctest, the parent process) is noted in FOLDER/users; the cluster ends with the last of them. What a killed
# run left behind is stopped and replaced.
set -euo pipefail

action=$1
folder=$2
data=$folder/data
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
[ -n "$bin" ] || { echo "no PostgreSQL server: install the package postgresql" >&2; exit 1; }
case $folder in /tmp/?*) ;; *) echo "the folder must be under /tmp: $folder" >&2; exit 1 ;; esac

# PostgreSQL refuses to run as root.
as_owner() {
  if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

running() {
  local pid
  pid=$(head -1 "$data/postmaster.pid" 2>/dev/null) || return 1
  [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null && grep -q "$data" "/proc/$pid/cmdline" 2>/dev/null
}

# Keeps the noted users that still live, each as "pid start-time", so that a reused pid does not count.
started() { awk '{print $22}' "/proc/$1/stat" 2>/dev/null || true; }
live_users() {
  local pid since
  while read -r pid since; do
    [ -n "$since" ] && [ "$(started "$pid")" = "$since" ] && [ "$pid" != "${1:-}" ] && echo "$pid $since"
  done < "$folder/users" || true
}

halt() {
  if running; then as_owner "$bin/pg_ctl" -D "$data" -m immediate -w -s stop || true; fi
  if running; then echo "the cluster in $data does not stop" >&2; exit 1; fi
  rm -rf "$data" "$folder"/.s.PGSQL.* "$folder/log" "$folder/users"
}

boot() {
  install -d -m 0700 "$data"
  if [ "$(id -u)" = 0 ]; then chown postgres: "$folder" "$data"; fi
  as_owner "$bin/initdb" -D "$data" -U postgres -A trust --locale=C.UTF-8 -E UTF8 --no-sync > "$folder/log" 2>&1 ||
    { cat "$folder/log" >&2; exit 1; }
  cat >> "$data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$folder'
fsync = off
full_page_writes = off
shared_buffers = 16MB
max_connections = 200
max_wal_size = 256MB
autovacuum = off
CONF
  as_owner "$bin/pg_ctl" -D "$data" -w -t 30 -s -l "$data/server.log" start ||
    { cat "$data/server.log" >&2; exit 1; }
}

# The lock goes with the folder: whoever waited for a removed one starts again.
while :; do
  mkdir -p -m 0755 "$folder"
  exec 7> "$folder/lock"
  flock -w 50 7
  [ "$(stat -Lc %i /proc/$$/fd/7)" = "$(stat -c %i "$folder/lock" 2>/dev/null)" ] && break
done
touch "$folder/users"
case $action in
  start)
    users=$(live_users)
    if [ -z "$users" ] || ! running; then
      halt 7>&-
      boot 7>&-
    fi
    { echo "$users"; echo "$PPID $(started $PPID)"; } | grep . > "$folder/users"
    ;;
  stop)
    users=$(live_users $PPID)
    if [ -z "$users" ]; then
      halt 7>&-
      rm -rf "$folder"
    else
      echo "$users" > "$folder/users"
    fi
    ;;
  *)
    echo "usage: $0 start|stop FOLDER" >&2
    exit 2
    ;;
esac
