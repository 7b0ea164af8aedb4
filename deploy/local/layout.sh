# shellcheck shell=bash
# Where one suite lives: ROOT is what its user sees, RUN holds the sockets (short paths), DATA everything to keep.

# use_root DIR: sets ROOT, KEY, RUN, DATA and the port variables that are known already.
use_root() {
  local parent
  parent=$(realpath -m "$1")
  ROOT=$parent
  KEY=$(printf '%s' "$ROOT" | sha256sum | cut -c1-10)
  RUN=/run/slipway/$KEY
  DATA=/var/lib/slipway/$KEY
}

make_layout() {
  local dir
  install -d -m 0711 /run/slipway /var/lib/slipway "$DATA"
  install -d -m 0710 -g postgres "$RUN"
  install -d -m 0700 -o postgres -g postgres "$RUN/pg" "$DATA/pg"
  install -d -m 0700 -o www-data -g www-data "$DATA/git" "$DATA/spool" "$DATA/git-state" "$RUN/push-sender"
  install -d -m 0700 -o docker-registry -g docker-registry "$DATA/registry"
  install -d -m 0711 "$DATA/etc"
  install -d -m 0755 "$DATA/bin" # lighttpd reads the folder of its CGI program
  for dir in auth blobs mirrors runner keys log sv containers gitops trigger gateway tmp; do install -d -m 0700 "$DATA/$dir"; done
  if [[ ! -d $ROOT ]]; then
    as_caller mkdir -p "$ROOT" || fail "cannot create $ROOT; give --root a folder that may be written"
  fi
  ln -sfn "$RUN" "$ROOT/run"
  ln -sfn "$DATA" "$ROOT/data"
  give_to_caller "$ROOT/run" "$ROOT/data"
  printf '%s\n' "$ROOT" | write_file "$DATA/root" 0600
}

# True if nobody listens on the loopback port $1 and no other suite on this machine has chosen it.
port_is_free() {
  ! grep -qxF "$1" <<<"$TAKEN_PORTS"
}

# All TCP ports in use, and those that other suites wrote down although they may be stopped.
taken_ports() {
  ss -Hltn | awk '{n = split($4, a, ":"); print a[n]}'
  local file
  for file in /var/lib/slipway/*/ports; do
    [[ -f $file && $file != "$DATA/ports" ]] || continue
    (
      # shellcheck disable=SC1090
      . "$file"
      printf '%s\n' "$GATEWAY_PORT" "$GIT_PORT" "$REGISTRY_PORT"
      seq "$APPS_FIRST" "$APPS_LAST"
    )
  done
}

# Three neighbouring ports from 8480, 8580, ... and 100 for the apps behind them; chosen at the first start, then kept.
choose_ports() {
  exec 8>/var/lib/slipway/.ports.lock
  flock 8
  if [[ ! -s $DATA/ports ]]; then
    local base port good
    TAKEN_PORTS=$(taken_ports)
    for base in $(seq 8480 200 32000); do
      good=1
      for port in $(seq "$base" $((base + 2))) $(seq $((base + 10)) $((base + 109))); do
        port_is_free "$port" || { good=0; break; }
      done
      if ((good)); then
        printf 'GATEWAY_PORT=%d\nGIT_PORT=%d\nREGISTRY_PORT=%d\nAPPS_FIRST=%d\nAPPS_LAST=%d\n' \
          "$base" $((base + 1)) $((base + 2)) $((base + 10)) $((base + 109)) | write_file "$DATA/ports" 0644
        break
      fi
    done
    [[ -s $DATA/ports ]] || fail "no free ports from 8480 up; stop what listens there and run this again"
  fi
  exec 8>&-
  # shellcheck disable=SC1091
  . "$DATA/ports"
  GATEWAY_URL=http://127.0.0.1:$GATEWAY_PORT
  GIT_URL=http://127.0.0.1:$GIT_PORT
  REGISTRY=127.0.0.1:$REGISTRY_PORT
}

# Keys and passwords, each made once and readable by its reader only.
make_keys() {
  local name
  for name in kek runner-local.token admin-password hook-local.secret git.password registry.password; do
    secret_file "$DATA/keys/$name"
  done
  for name in pipeline build gitops trigger gateway; do secret_file "$DATA/keys/service-$name.token"; done
  # Made by mistake by earlier versions; auth would accept it.
  rm -f "$DATA/keys/service-tmp.token"
}
