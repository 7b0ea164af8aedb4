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
