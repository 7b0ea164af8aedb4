# shellcheck shell=bash
# Loads all parts, in order. PROGRAM names the caller in messages.
# shellcheck disable=SC1091

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. "$LOCAL_DIR/packages.sh"
. "$LOCAL_DIR/build.sh"
. "$LOCAL_DIR/cluster_programs.sh"
. "$LOCAL_DIR/layout.sh"
. "$LOCAL_DIR/postgres.sh"
. "$LOCAL_DIR/registry.sh"
. "$LOCAL_DIR/githost.sh"
. "$LOCAL_DIR/containers.sh"
. "$LOCAL_DIR/kubernetes.sh"
. "$LOCAL_DIR/services.sh"
. "$LOCAL_DIR/supervisor.sh"
. "$LOCAL_DIR/cli_files.sh"
. "$LOCAL_DIR/suite.sh"
. "$LOCAL_DIR/seed.sh"
. "$LOCAL_DIR/demo.sh"
