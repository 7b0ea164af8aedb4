# shellcheck shell=bash
# Debian packages: only what is missing, and no system service is started by it.

PACKAGE_LIST=$SOURCE_DIR/tools/packages.txt
POLICY_RC_D=/usr/sbin/policy-rc.d
POLICY_MARK='# for the time of an installation by slipway'

# The packages of the list that are not installed, one a line.
missing_packages() {
  local wanted
  wanted=$(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$PACKAGE_LIST")
  # shellcheck disable=SC2086  # one word per package
  comm -23 <(sort -u <<<"$wanted" | tr -d ' ') \
    <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null |
      sed -n 's/^installed //p' | sort -u)
}

# While packages are installed, policy-rc.d answers 101 ("don't start it"); what was there before comes back,
# also after a failure.
forbid_service_starts() {
  if [[ -e $POLICY_RC_D || -L $POLICY_RC_D ]]; then mv -f "$POLICY_RC_D" "$POLICY_RC_D.slipway-saved"; fi
  printf '#!/bin/sh\n%s\nexit 101\n' "$POLICY_MARK" >"$POLICY_RC_D"
  chmod 0755 "$POLICY_RC_D"
}

allow_service_starts() {
  rm -f "$POLICY_RC_D"
  if [[ -e $POLICY_RC_D.slipway-saved || -L $POLICY_RC_D.slipway-saved ]]; then
    mv -f "$POLICY_RC_D.slipway-saved" "$POLICY_RC_D"
  fi
}

install_packages() {
  local missing log count
  command -v dpkg-query >/dev/null || fail "this is no Debian: dpkg-query is missing; use a Debian 12 machine"
  missing=$(missing_packages)
  if [[ -z $missing ]]; then
    step packages "ok      nothing missing"
    return
  fi
  count=$(wc -l <<<"$missing")
  log=$(mktemp /tmp/slipway-packages.XXXXXX)
  (
    exec 9>"${SLIPWAY_PACKAGES_LOCK:-/run/slipway-packages.lock}"
    flock 9
    trap allow_service_starts EXIT
    # An earlier run that was killed left its policy behind: the saved file, if any, is the true one.
    if grep -qsxF "$POLICY_MARK" "$POLICY_RC_D"; then allow_service_starts; fi
    forbid_service_starts
    export DEBIAN_FRONTEND=noninteractive
    apt-get -q update
    # shellcheck disable=SC2086
    apt-get -q -y --no-install-recommends -o Dpkg::Options::=--force-confold install $missing
  ) >"$log" 2>&1 </dev/null ||
    fail "installing packages failed: $(grep -m1 '^E: ' "$log" || tail -1 "$log"); see $log, mend it and run this again"
  rm -f "$log"
  step packages "ok      $count installed"
}
