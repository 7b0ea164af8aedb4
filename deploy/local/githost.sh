# shellcheck shell=bash
# The private git host: lighttpd, one CGI program in front of `git http-backend`, basic authentication, loopback only.
# It and the sender of its webhooks run as www-data and reach nothing else of the suite.

# The programs that www-data runs are copied: the checkout may lie where www-data cannot go.
GIT_HOST_PROGRAMS=(slipway-git-cgi slipway-post-receive slipway-push-sender)

prepare_git_host() {
  local dir=$DATA/etc/git
  write_git_host_files
  if [[ ! -s $dir/htpasswd ]]; then
    # 32 random bytes cannot be guessed, so the smallest number of rounds serves and keeps each request quick.
    htpasswd -ni5 -r 1000 slipway <"$DATA/keys/git.password" | sed '/^$/d' | write_file "$dir/htpasswd" 0600
  fi
  chown www-data "$dir/htpasswd"
  install -d -m 0700 -o www-data -g www-data "$DATA/git-state/uploads" "$DATA/git-state/refs"
  write_file "$dir/hook.secret" 0400 <"$DATA/keys/hook-local.secret"
  chown www-data "$dir/hook.secret"
}

# Programs, git's settings and lighttpd's, from DATA, BIN_DIR and GIT_PORT. Tests call it with a folder of their own.
write_git_host_files() {
  local program dir=$DATA/etc/git
  install -d -m 0711 "$dir" "$dir/hooks"
  for program in "${GIT_HOST_PROGRAMS[@]}"; do
    cmp -s "$BIN_DIR/$program" "$DATA/bin/$program" || {
      install -m 0755 "$BIN_DIR/$program" "$DATA/bin/$program.new" && mv -f "$DATA/bin/$program.new" "$DATA/bin/$program"
    }
  done
  ln -sfn "$DATA/bin/slipway-post-receive" "$dir/hooks/post-receive"
  write_file "$dir/gitconfig" 0644 <<CONF
[core]
	hooksPath = $dir/hooks
	fsync = objects,reference
[http]
	receivepack = true
	getanyfile = false
[receive]
	autogc = false
[gc]
	auto = 0
[safe]
	directory = *
[transfer]
	fsckObjects = true
	hideRefs = refs/slipway
[init]
	defaultBranch = main
CONF
  write_file "$dir/lighttpd.conf" 0644 <<CONF
server.modules = ("mod_auth", "mod_authn_file", "mod_alias", "mod_setenv", "mod_cgi")
server.bind = "127.0.0.1"
server.port = $GIT_PORT
server.document-root = "/var/empty"
server.upload-dirs = ("$DATA/git-state/uploads")
server.max-request-size = 0
server.max-read-idle = 60
server.tag = ""
auth.backend = "htpasswd"
auth.backend.htpasswd.userfile = "$dir/htpasswd"
auth.require = ("" => ("method" => "basic", "realm" => "slipway git host", "require" => "valid-user"))
alias.url = ("/" => "$DATA/bin/slipway-git-cgi/")
cgi.assign = ("$DATA/bin/slipway-git-cgi" => "")
cgi.execute-x-only = "enable"
setenv.set-environment = (
  "GIT_PROJECT_ROOT" => "$DATA/git",
  "GIT_HTTP_EXPORT_ALL" => "1",
  "GIT_CONFIG_GLOBAL" => "$dir/gitconfig",
  "GIT_CONFIG_NOSYSTEM" => "1",
  "HOME" => "/nonexistent",
  "PATH" => "/usr/bin:/bin",
  "SLIPWAY_GIT_SPOOL" => "$DATA/spool")
CONF
}
