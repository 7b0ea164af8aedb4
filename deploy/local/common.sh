# shellcheck shell=bash
# Ground for tools/up, tools/down, tools/test and tools/bench: the one line per step, the one line per failure,
# and who called through sudo. Sourced first, never run.

SOURCE_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
LOCAL_DIR=$SOURCE_DIR/deploy/local

# Prints "<step>   <text>", as the first screen of the README shows it.
step() { printf '%-13s %s\n' "$1" "$2"; }

# Ends the program with one line: what failed and what to do about it.
fail() {
  printf '%s: %s\n' "${PROGRAM:-slipway}" "$1" >&2
  exit 1
}

# require_root: the suite drops rights per process itself, so it starts with all of them.
require_root() {
  [[ $(id -u) -eq 0 ]] || fail "needs root to install packages and to run the suite; run: sudo $0"
}

# Gives files to the person who called through sudo; nothing to do for root itself.
give_to_caller() {
  [[ -n ${SUDO_UID:-} ]] || return 0
  chown -h "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" "$@"
}

# Runs a command as the person who called through sudo, so that the build folder stays theirs.
as_caller() {
  if [[ -n ${SUDO_UID:-} && $SUDO_UID -ne 0 ]]; then
    runuser -u "$(id -nu "$SUDO_UID")" -- "$@"
  else
    "$@"
  fi
}

# Milliseconds of a clock that only moves forward.
now_ms() {
  local up
  read -r up _ </proc/uptime
  printf '%s' "$((10#${up/./} * 10))"
}

# "0.9 s" or "5 min 40 s" for milliseconds.
human_ms() {
  if (($1 < 60000)); then
    printf '%d.%d s' $(($1 / 1000)) $(($1 % 1000 / 100))
  else
    printf '%d min %d s' $(($1 / 60000)) $(($1 % 60000 / 1000))
  fi
}

# wait_until SECONDS COMMAND...: true as soon as the command is; false when the time is over. Looks again and again, since
# PostgreSQL, registry, git host and runit tell nobody when they are ready.
wait_until() {
  local deadline=$(($(now_ms) + $1 * 1000))
  shift
  until "$@" 2>/dev/null; do
    (($(now_ms) < deadline)) || return 1
    sleep 0.02
  done
}

# write_file PATH MODE: standard input becomes the file, in one step; an equal file is left alone, with its time.
write_file() {
  local path=$1 mode=$2 new=$1.new.$$
  (umask 077 && cat >"$new")
  chmod "$mode" "$new"
  if [[ -f $path ]] && cmp -s "$new" "$path"; then
    chmod "$mode" "$path"
    rm -f "$new"
  else
    mv -f "$new" "$path"
  fi
}

# secret_file PATH: 32 random bytes as hex, made once, readable by its owner only.
secret_file() {
  [[ -s $1 ]] || head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' | write_file "$1" 0600
}
