# shellcheck shell=bash
# The main job, once, before the user's eyes: examples/hello is pushed and followed until it answers.

# demo_tree DIR: true with a commit of examples/hello to push; false with what stands in the demo's repository already,
# which is its user's from then on.
demo_tree() {
  local tree=$1
  if git clone -q "$GIT_URL/demo/hello.git" "$tree" 2>/dev/null && git -C "$tree" rev-parse -q --verify HEAD >/dev/null; then
    return 1
  fi
  rm -rf "$tree"
  git init -q -b main "$tree"
  cp -R "$SOURCE_DIR/examples/hello/." "$tree/"
  git -C "$tree" config user.name Demo
  git -C "$tree" config user.email demo@localhost
  git -C "$tree" add -A
  git -C "$tree" commit -q -m hello
}

demo() {
  local tree commit out
  tree=$(mktemp -d /tmp/slipway-demo.XXXXXX)
  # shellcheck disable=SC2064
  trap "rm -rf '$tree'" EXIT # runs at the end of tools/up, whatever happens
  echo demo
  # shellcheck disable=SC1091
  . "$ROOT/env"
  SLIPWAY_CLI=$(cli_as_typed)
  export SLIPWAY_CLI SENDER_LOG=$DATA/log/push-sender/current
  export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
  api GET /v1/projects/demo/apps/hello/workflows/main >/dev/null 2>&1 ||
    out=$("$BIN_DIR/slipway" apply -f "$SOURCE_DIR/examples/hello/slipway.yaml" 2>&1) ||
    fail "examples/hello/slipway.yaml could not be applied: $(tail -n 1 <<<"$out")"
  if ! demo_tree "$tree"; then
    python3 "$LOCAL_DIR/demo_follow.py" --current "$(git -C "$tree" rev-parse HEAD)" || exit 1
    return
  fi
  commit=$(git -C "$tree" rev-parse HEAD)
  out=$(git -C "$tree" push -q "$GIT_URL/demo/hello.git" HEAD:main 2>&1) || fail "the push failed: $(tail -n 1 <<<"$out")"
  printf '  %-13s %s\n' push "${commit:0:7} to $GIT_URL/demo/hello.git"
  python3 "$LOCAL_DIR/demo_follow.py" "$commit" || exit 1
}
