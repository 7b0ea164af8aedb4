#!/bin/sh
# The post-build step: looks at the pushed image over the registry's HTTP API.
# IMAGE is REGISTRY/REPOSITORY@DIGEST; SLIPWAY_REGISTRY_AUTH names a netrc file with the registry's credential.
set -eu

fail() {
  echo "smoke: $1" >&2
  exit 1
}

registry=${IMAGE%%/*}
rest=${IMAGE#*/}
repository=${rest%@*}
digest=${rest#*@}
case $digest in sha256:*) ;; *) fail "IMAGE has no digest: $IMAGE" ;; esac

get() {
  curl --silent --show-error --fail --location --netrc-file "$SLIPWAY_REGISTRY_AUTH" \
    --header 'Accept: application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json' \
    "http://$registry/v2/$repository/$1"
}

manifest=$(get "manifests/$digest") || fail "no manifest $digest in $repository"
config=$(printf '%s' "$manifest" | tr -d ' \n\t' | sed -n 's/.*"config":{[^}]*"digest":"\([^"]*\)".*/\1/p')
[ -n "$config" ] || fail "the manifest names no config"
get "blobs/$config" | tr -d ' \n\t' | grep -q '"Entrypoint":\["/hello"\]' || fail "the entrypoint is not /hello"

size=0
for layer in $(printf '%s' "$manifest" | tr -d ' \n\t' | sed 's/.*"layers":\[//' | grep -o '"size":[0-9]*' | cut -d: -f2); do
  size=$((size + layer))
done
[ "$size" -gt 0 ] || fail "the image has no layer"
[ "$size" -le 4194304 ] || fail "the image has $size bytes of layers, more than 4 MiB"
echo "smoke: $repository@$digest starts /hello, $size bytes"
