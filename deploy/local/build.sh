# shellcheck shell=bash
# One build for tools/up, tools/test and the benches: release with assertions. `dev` and `asan` have folders of their own.

# build_dir_of PRESET
build_dir_of() {
  case $1 in
    ci | release) echo "$SOURCE_DIR/build/release" ;;
    *) echo "$SOURCE_DIR/build/$1" ;;
  esac
}

# As many compilers as processors, but one per 1.5 GiB of free memory at most, without what RESERVED_MIB keeps for others.
build_jobs() {
  local cpus free_mib
  cpus=$(nproc)
  free_mib=$(awk '/^MemAvailable:/ {print int($2 / 1024)}' /proc/meminfo)
  free_mib=$((free_mib - ${RESERVED_MIB:-0}))
  local by_memory=$((free_mib / 1536))
  ((by_memory >= 1)) || by_memory=1
  echo $((cpus < by_memory ? cpus : by_memory))
}

# run_build PRESET [TARGET...]
run_build() {
  local preset=$1 dir log start
  shift
  dir=$(build_dir_of "$preset")
  start=$(now_ms)
  as_caller mkdir -p "$dir"
  log=$dir/build.log
  # shellcheck disable=SC2024  # the log may belong to root
  if ! (cd "$SOURCE_DIR" && as_caller cmake --preset "$preset" && as_caller ninja -C "$dir" -j "$(build_jobs)" "$@") \
    >"$log" 2>&1 </dev/null; then
    grep -nE 'error:|Error |^FAILED' "$log" | head -20 >&2 || true
    fail "the build failed; see $log, mend it and run this again"
  fi
  step build "ok      $(grep -c '"file":' "$dir/compile_commands.json") files, $(human_ms $(($(now_ms) - start)))"
}
