# shellcheck shell=bash
# What every suite has after its start: a sign-in for its user and the resources of seed.yaml.

# api METHOD PATH [BODY]: one REST call with the token in API_TOKEN; prints the answer, false unless 2xx.
# The token goes by standard input, never by argument.
api() {
  local body=${3:-}
  printf 'header = "Authorization: Bearer %s"\n' "$API_TOKEN" |
    curl -sS --fail-with-body -m 30 -K - -X "$1" -H 'Content-Type: application/json' \
      ${body:+--data "$body"} "$GATEWAY_URL$2"
}

# json_field PATH: a field of the JSON on standard input, by dots; empty if it is not there.
json_field() {
  python3 -c '
import json, sys
value = json.load(sys.stdin)
for key in sys.argv[1].split("."):
    value = value.get(key, "") if isinstance(value, dict) else ""
print(value)' "$1"
}

# Keeps the token of ROOT/env while it is good, else signs the administrator in. Sets API_TOKEN.
sign_in() {
  API_TOKEN=$(sed -n "s/^export SLIPWAY_TOKEN='\(.*\)'$/\1/p" "$ROOT/env" 2>/dev/null || true)
  if [[ -n $API_TOKEN ]] && api GET /v1/whoami >/dev/null 2>&1; then return; fi
  local answer
  answer=$(printf '{"user": "admin", "password": "%s"}' "$(cat "$DATA/keys/admin-password")" |
    curl -sS --fail-with-body -m 30 -H "Content-Type: application/json" --data @- "$GATEWAY_URL/v1/auth:signIn" 2>&1) ||
    fail "the administrator could not sign in: ${answer:0:300}; see $DATA/log/auth/current"
  API_TOKEN=$(json_field token <<<"$answer")
}

# slipway_cli ARGS...: the CLI as the suite's user has it.
slipway_cli() {
  (
    # shellcheck disable=SC1091
    . "$ROOT/env"
    "$BIN_DIR/slipway" "$@"
  )
}

# The announcement of a push creates the repository; nothing is pushed.
create_desired_repository() {
  printf 'header = "%s"\n' "$(git_auth_header)" |
    curl -sS --fail -m 10 -o /dev/null -K - "$GIT_URL/gitops/desired.git/info/refs?service=git-receive-pack"
}

seed() {
  local out
  create_desired_repository || fail "the GitOps repository could not be created; see $DATA/log/git-host/current"
  out=$(
    # shellcheck disable=SC1091
    . "$ROOT/env"
    export SLIPWAY_KEYS=$DATA/keys SLIPWAY_GIT_HOST=${GIT_URL#http://} SLIPWAY_SEED_CLUSTER=local
    if has_kubernetes; then
      export SLIPWAY_SEED_CLUSTER=kubernetes SLIPWAY_KUBECONFIG=$ROOT/kubeconfig
      "$BIN_DIR/slipway" apply -f "$LOCAL_DIR/seed_kubernetes.yaml" 2>&1 || exit 1
    fi
    "$BIN_DIR/slipway" apply -f "$LOCAL_DIR/seed.yaml" 2>&1
  ) || fail "the suite's own resources could not be applied: $(tail -n 1 <<<"$out")"
  wait_until 30 provider_ready ||
    fail "the GitOps provider is not ready: $(api GET /v1/gitopsProviders/local | head -c 600); see $DATA/log/gitops/current"
}

provider_ready() { [[ $(api GET /v1/gitopsProviders/local | json_field status.state) == READY ]]; }
