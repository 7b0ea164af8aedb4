# shellcheck shell=bash
# Files that make podman and buildah work on a store of this suite's own, and the way to take all of it away again.
# The choice between crun and runc, and of the cgroup manager, is by trying: what starts a container here is taken.

CONTAINER_NETWORK=podman-default-kube-network # the name that `podman play kube` joins by itself
CNI_MARKER=/var/lib/slipway/.made-cni-chains

# The programs below work on this suite's store only.
container_env() {
  export CONTAINERS_CONF=$DATA/containers/containers.conf
  export CONTAINERS_STORAGE_CONF=$DATA/containers/storage.conf
  export CONTAINERS_REGISTRIES_CONF=$DATA/containers/registries.conf
}

# tmp_dir and lock_type keep suites apart: podman's defaults are shared by the whole machine. Its static_dir stays below
# graphroot, since the clean-up that conmon starts is told about no other place.
containers_conf() {
  cat <<CONF
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
log_driver = "k8s-file"
log_size_max = 10485760

[engine]
runtime = "$1"
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "$RUN/libpod"
lock_type = "file"

[network]
network_config_dir = "$DATA/containers/net"
CONF
}

# A network per suite: a bridge with its own name and a subnet from the root's key, so that suites side by side never meet.
network_conf() {
  local subnet="10.$((0x${KEY:0:2} % 96 + 128)).$((0x${KEY:2:2}))"
  cat <<CONF
{"cniVersion": "0.4.0", "name": "$CONTAINER_NETWORK", "plugins": [
  {"type": "bridge", "bridge": "sw-$KEY", "isGateway": true, "ipMasq": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": "$DATA/containers/ipam", "routes": [{"dst": "0.0.0.0/0"}],
            "ranges": [[{"subnet": "$subnet.0/24", "gateway": "$subnet.1"}]]},
   "capabilities": {"ips": true}},
  {"type": "portmap", "capabilities": {"portMappings": true}},
  {"type": "firewall", "backend": ""},
  {"type": "tuning"}
]}
CONF
}

# True if the OCI runtime $1 starts a container on this machine: busybox alone, without network.
runtime_works() {
  command -v "$1" >/dev/null || return 1
  local probe result=0
  probe=$(mktemp -d "$DATA/containers/probe.XXXXXX")
  mkdir -p "$probe/rootfs/bin" && cp /bin/busybox "$probe/rootfs/bin/busybox"
  containers_conf "$1" >"$probe/containers.conf"
  CONTAINERS_CONF=$probe/containers.conf CONTAINERS_STORAGE_CONF=$DATA/containers/storage.conf \
    timeout 20 podman run --rm --network none --rootfs "$probe/rootfs" /bin/busybox true >"$DATA/containers/probe-$1.log" 2>&1 ||
    result=1
  rm -rf "$probe"
  return $result
}

prepare_containers() {
  local dir=$DATA/containers runtime chosen=
  install -d -m 0700 "$dir/net" "$RUN/containers"
  write_file "$dir/storage.conf" 0600 <<CONF
[storage]
driver = "overlay"
runroot = "$RUN/containers"
graphroot = "$dir/storage"
CONF
  write_file "$dir/registries.conf" 0600 <<CONF
unqualified-search-registries = []

[[registry]]
location = "$REGISTRY"
insecure = true
CONF
  network_conf | write_file "$dir/net/$CONTAINER_NETWORK.conflist" 0600
  if [[ ! -s $dir/containers.conf ]]; then
    for runtime in crun runc; do
      if runtime_works "$runtime"; then
        chosen=$runtime
        break
      fi
    done
    [[ -n $chosen ]] || fail "no container runtime works here; see $dir/probe-*.log"
    containers_conf "$chosen" | write_file "$dir/containers.conf" 0600
  fi
  [[ -e $CNI_MARKER ]] || iptables -t nat -S CNI-HOSTPORT-DNAT >/dev/null 2>&1 || touch "$CNI_MARKER"
}

# Ends all containers of this suite. Its apps come back with the next start, from the GitOps repository.
remove_containers() {
  [[ -s $DATA/containers/containers.conf ]] || return 0
  (
    container_env
    [[ -z $(podman pod ps -q 2>/dev/null) ]] || podman pod rm -f -t 0 -a
    [[ -z $(podman ps -aq 2>/dev/null) ]] || podman rm -f -t 0 -a
  ) >>"$DATA/log/down.log" 2>&1 || fail "some containers did not end; see $DATA/log/down.log"
}

# After remove_containers: the bridge, leftover mounts, and the chains that podman's network plugins share,
# these only if no suite is left and they were not here before the first one.
remove_container_network() {
  ip link show "sw-$KEY" >/dev/null 2>&1 && ip link del "sw-$KEY"
  local mount
  while read -r mount; do umount -l "$mount"; done < <(
    awk -v a="$DATA/" -v b="$RUN/" 'index($5, a) == 1 || index($5, b) == 1 {print $5}' /proc/self/mountinfo | sort -r)
  [[ -e $CNI_MARKER ]] || return 0
  local other
  for other in /var/lib/slipway/*/; do [[ $other == "$DATA/" ]] || return 0; done
  if ! iptables-save | grep -q -- '-j CNI-DN-'; then
    iptables-save -t nat | sed -n 's/^-A \(PREROUTING\|OUTPUT\|POSTROUTING\) \(.*-j CNI-HOSTPORT.*\)/-t nat -D \1 \2/p' |
      while read -r rule; do xargs iptables -w <<<"$rule"; done
    iptables-save -t filter | sed -n 's/^-A FORWARD \(.*-j CNI-FORWARD\)/-D FORWARD \1/p' |
      while read -r rule; do xargs iptables -w <<<"$rule"; done
    local chain
    for chain in CNI-HOSTPORT-DNAT CNI-HOSTPORT-MASQ CNI-HOSTPORT-SETMARK; do
      iptables -w -t nat -F "$chain" && iptables -w -t nat -X "$chain"
    done
    iptables -w -F CNI-FORWARD
    for chain in CNI-FORWARD CNI-ADMIN; do iptables -w -X "$chain"; done
  fi 2>/dev/null
  rm -f "$CNI_MARKER"
}
