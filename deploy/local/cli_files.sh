# shellcheck shell=bash
# What the suite hands to its user: ROOT/env, ROOT/admin-password and the link to the CLI. They belong to whoever called.

# git asks for nothing and no secret stands in a URL: the header goes with this host only.
git_auth_header() {
  printf 'Authorization: Basic %s' "$(printf 'slipway:%s' "$(cat "$DATA/keys/git.password")" | base64 -w0)"
}

# write_cli_files TOKEN
write_cli_files() {
  local token=$1 name
  install -m 0600 "$DATA/keys/admin-password" "$ROOT/admin-password"
  {
    cat <<ENV
export SLIPWAY_URL='$GATEWAY_URL'
export SLIPWAY_TOKEN='$token'
export SLIPWAY_PROJECT='demo'
export SLIPWAY_GIT_URL='$GIT_URL'
export SLIPWAY_REGISTRY='$REGISTRY'
export GIT_CONFIG_COUNT=1
export GIT_CONFIG_KEY_0='http.$GIT_URL/.extraHeader'
export GIT_CONFIG_VALUE_0='$(git_auth_header)'
ENV
    for name in auth pipeline build gitops trigger; do
      echo "export SLIPWAY_${name^^}_SOCKET='$RUN/$name.sock'"
    done
  } | write_file "$ROOT/env" 0600
  give_to_caller "$ROOT/env" "$ROOT/admin-password"
  # Suites beside the first leave the checkout as it is.
  [[ $ROOT == "$SOURCE_DIR/.slipway" ]] || return 0
  ln -sfn "${BIN_DIR#"$SOURCE_DIR"/}/slipway" "$SOURCE_DIR/slipway"
  give_to_caller "$SOURCE_DIR/slipway"
}

# The path $1 as one types it from here, ready to be copied into a shell.
as_typed() {
  local path=$1
  [[ $path != "$PWD"/* ]] || path=${path#"$PWD"/}
  printf '%q' "$path"
}

# How one calls the CLI from here for this suite. In the checkout ./slipway finds the first suite by itself; any other needs
# its URL and token first.
cli_as_typed() {
  if [[ $PWD == "$SOURCE_DIR" && $ROOT == "$SOURCE_DIR/.slipway" ]]; then
    printf './slipway'
  else
    printf '. %s && %s' "$(as_typed "$ROOT/env")" "$(as_typed "$BIN_DIR/slipway")"
  fi
}

# print_hints DEMO: where the suite is, and commands to go on with; each works as it is printed. DEMO is 0 where the example
# was not pushed.
print_hints() {
  local cli stop
  cli=$(cli_as_typed)
  stop="${SUDO_UID:+sudo }$(as_typed "$SOURCE_DIR/tools/down")"
  [[ $ROOT == "$SOURCE_DIR/.slipway" ]] || stop+=" --root $(as_typed "$ROOT")"
  echo "Slipway is up at $GATEWAY_URL (user admin, password in $(as_typed "$ROOT/admin-password"))"
  if (($1)); then
    printf 'Try:   %s\n' "$cli timeline hello"
    printf '       %s\n' "$cli logs hello -f"
  else
    printf 'Try:   %s\n' "$cli apply -f $(as_typed "$SOURCE_DIR/examples/hello/slipway.yaml")"
    printf '       %s\n' "$cli get apps"
  fi
  if has_kubernetes; then
    printf '       %s\n' "$(as_typed "$ROOT/kubectl") --kubeconfig=$(as_typed "$ROOT/kubeconfig") get deployments -A"
  fi
  printf 'Stop:  %s\n' "$stop"
}
