# shellcheck shell=bash
# runit's runsvdir over DATA/sv: one folder per process with run, env/ and log/run. Started detached; no system service.

SV_WAIT=15

supervisor_pid() {
  local pid
  read -r pid 2>/dev/null <"$RUN/runsvdir.pid" || return 1
  [[ -r /proc/$pid/cmdline ]] && tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF "$DATA/sv" && echo "$pid"
}

# Writes one service's folder. `down` keeps runsv from starting it before its turn; it does not keep it from restarting.
write_service() {
  local name=$1 dir=$DATA/sv/$1 setting
  install -d -m 0700 "$dir" "$dir/env" "$dir/log" "$DATA/log/$name"
  local -A wanted=()
  while IFS= read -r setting; do
    wanted[${setting%%=*}]=1
    printf '%s' "${setting#*=}" | write_file "$dir/env/${setting%%=*}" 0600
  done < <(settings_of "$name")
  local file
  for file in "$dir/env"/*; do [[ -n ${wanted[${file##*/}]:-} ]] || rm -f "$file"; done
  # `run` empties TMPDIR, since a killed process may have left something there, and reads the settings; `main` becomes
  # the process.
  {
    printf '#!/bin/sh\nexec 2>&1\n'
    [[ -z ${wanted[TMPDIR]:-} ]] || printf 'rm -rf "%s"\nmkdir -m 0700 "%s"\n' "$DATA/tmp/$name" "$DATA/tmp/$name"
    printf 'exec chpst -e "%s/env" "%s/main"\n' "$dir" "$dir"
  } | write_file "$dir/run" 0700
  { printf '#!/bin/sh\numask 077\ncd /\n' && command_of "$name"; } | write_file "$dir/main" 0700
  printf '#!/bin/sh\nexec svlogd "%s"\n' "$DATA/log/$name" | write_file "$dir/log/run" 0700
  printf 's10000000\nn5\n' | write_file "$DATA/log/$name/config" 0600
  touch "$dir/down"
  fingerprint_of "$name" >"$dir/fingerprint.new"
  if [[ $name == postgres ]]; then
    # TERM would wait for every client; INT ends their sessions and closes the cluster cleanly.
    install -d -m 0700 "$dir/control"
    printf '#!/bin/sh\nread -r pid <"%s/pg/postmaster.pid" && kill -INT "$pid"\n' "$DATA" | write_file "$dir/control/t" 0700
  fi
}

# What a running service was started with; another value means that it has to be started again.
fingerprint_of() {
  local dir=$DATA/sv/$1
  # shellcheck disable=SC2046
  { tail -n +1 "$dir/main" "$dir/env"/*; stat -c '%n %s %y' $(files_of "$1"); } | sha256sum | cut -c1-64
}

start_supervisor() {
  if supervisor_pid >/dev/null; then return; fi
  # Nothing of this suite runs: sockets and locks from before a reboot or a kill are of no use.
  rm -f "$RUN"/*.sock "$RUN/runsvdir.pid"
  find "$DATA/sv" -mindepth 2 -maxdepth 3 -name supervise -exec rm -rf {} +
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin setsid sh -c 'echo $$ >"$1"; exec runsvdir -P "$2"' - \
    "$RUN/runsvdir.pid" "$DATA/sv" </dev/null >>"$DATA/log/runsvdir.log" 2>&1 9>&- &
  wait_until 5 supervisor_pid >/dev/null || fail "runsvdir did not start; see $DATA/log/runsvdir.log"
}

sv_running() {
  local state=
  read -r state 2>/dev/null <"$DATA/sv/$1/supervise/stat"
  [[ $state == run* ]]
}

# Starts what is not running and restarts what has changed; waits for nothing.
start_service() {
  local name=$1 dir=$DATA/sv/$1 now
  wait_until 10 test -p "$dir/supervise/ok" || fail "runsv did not take up $name; see $DATA/log/runsvdir.log"
  now=$(<"$dir/fingerprint.new")
  if sv_running "$name"; then
    [[ $(cat "$dir/fingerprint" 2>/dev/null) != "$now" ]] || return 0
    sv -w "$SV_WAIT" force-restart "$dir" >/dev/null || fail "$name did not stop; see $DATA/log/$name/current"
  else
    # What `sv up` would do, without a process of its own.
    printf u >"$dir/supervise/control"
  fi
  printf '%s' "$now" >"$dir/fingerprint"
}

# Takes a service out that this version does not know any more.
drop_unknown_services() {
  local dir
  for dir in "$DATA"/sv/*/; do
    [[ -d $dir ]] || continue
    grep -qxF "$(basename "$dir")" <<<"$(services_of_suite)" && continue
    sv -w "$SV_WAIT" force-shutdown "$dir" >/dev/null 2>&1 || true
    rm -rf "$dir"
  done
}

# Ends everything under the supervisor, in the order of the floors, and waits until it is gone.
stop_supervisor() {
  local pid name folders=()
  pid=$(supervisor_pid) || return 0
  for name in runner gateway trigger gitops build pipeline auth kubernetes push-sender git-host registry postgres; do
    [[ ! -d $DATA/sv/$name ]] || folders+=("$DATA/sv/$name")
  done
  for name in "${folders[@]}"; do sv down "$name" >/dev/null 2>&1 || true; done
  for name in "${folders[@]}"; do sv -w "$SV_WAIT" force-stop "$name" >/dev/null 2>&1 || true; done
  kill -HUP "$pid"
  wait_until 20 supervisor_gone "$pid" || fail "the supervisor (process $pid) did not end within 20 s; see $DATA/log"
  rm -f "$RUN/runsvdir.pid"
}

# runsvdir is gone at once after HUP, its runsv children when their services are.
supervisor_gone() {
  [[ ! -e /proc/$1 ]] || return 1
  local dir
  for dir in "$DATA"/sv/*/; do
    [[ -e $dir/supervise/lock ]] && ! flock -n "$dir/supervise/lock" true && return 1
  done
  return 0
}
