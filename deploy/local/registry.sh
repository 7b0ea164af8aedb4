# shellcheck shell=bash
# The packaged OCI registry on loopback. Its htpasswd reads bcrypt only; the password is 32 random bytes,
# so the cheapest cost is as safe as a dear one and keeps every request quick.

prepare_registry() {
  if [[ ! -s $DATA/etc/registry.htpasswd ]]; then
    htpasswd -niB -C 4 slipway <"$DATA/keys/registry.password" | sed '/^$/d' | write_file "$DATA/etc/registry.htpasswd" 0600
  fi
  write_file "$DATA/etc/registry.yml" 0600 <<CONF
version: 0.1
log: {level: error, formatter: json, accesslog: {disabled: true}}
storage:
  filesystem: {rootdirectory: $DATA/registry}
  delete: {enabled: true}
  cache: {blobdescriptor: inmemory}
http:
  addr: $REGISTRY
  secret: $(sha256sum <"$DATA/keys/registry.password" | cut -c1-64)
  headers: {X-Content-Type-Options: [nosniff]}
auth:
  htpasswd: {realm: slipway, path: $DATA/etc/registry.htpasswd}
CONF
  chown docker-registry "$DATA/etc/registry.yml" "$DATA/etc/registry.htpasswd"
}
