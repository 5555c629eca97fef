#!/usr/bin/env bash
# Starts the Docker daemon and waits until it answers: through systemd where that runs, else as a detached process.
# shellcheck source=container/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

DAEMON_LOG=/var/log/exec-mcp-dockerd.log
START_SECONDS=60
DAEMON_PID=

# runs_as PID NAME: whether that process is alive and is that program. A number alone proves nothing: it may be reused.
runs_as() {
  local executable
  executable=$(readlink "/proc/$1/exe" 2>/dev/null) || return 1
  executable=${executable% (deleted)}
  [ "${executable##*/}" = "$2" ]
}

# drop_stale_pid_file FILE NAME: a daemon that was killed leaves its pid file behind, and its successor refuses to start
# (or takes a stranger for its containerd) when the number now belongs to some other program.
drop_stale_pid_file() {
  local pid
  [ -e "$1" ] || return 0
  pid=$(tr -cd 0-9 <"$1")
  if [ -z "$pid" ] || ! runs_as "$pid" "$2"; then
    say "    removing $1, left by a $2 that has ended"
    rm -f "$1"
  fi
}

# dockerd prefers the system's containerd when it sees this socket, and waits in vain for one that nobody has bound.
drop_stale_containerd_socket() {
  local socket=/run/containerd/containerd.sock
  if [ -S "$socket" ] && ! grep -q '/run/containerd/containerd\.sock$' /proc/net/unix; then
    say "    removing $socket, left by a containerd that has ended"
    rm -f "$socket"
  fi
}

dockerd_is_running() {
  local pid
  [ -e /run/docker.pid ] || return 1
  pid=$(tr -cd 0-9 </run/docker.pid)
  [ -n "$pid" ] && runs_as "$pid" dockerd
}

# launch_dockerd [OPTION...]: its own session, no terminal, and no pipe or lock of the caller's held open, so that
# nobody who waits for our output waits for the daemon.
launch_dockerd() {
  [ ! -e "$DAEMON_LOG" ] || mv -f "$DAEMON_LOG" "$DAEMON_LOG.1"
  (
    close_inherited_descriptors
    cd /
    exec setsid nohup dockerd "$@" </dev/null >"$DAEMON_LOG" 2>&1
  ) &
  DAEMON_PID=$!
}

# Waits until the engine answers; gives up at once when the daemon we launched has died.
wait_for_engine() {
  local cli began=$SECONDS
  cli=$(find_engine) || die "the 'docker' command is missing"
  until engine_answers "$cli"; do
    if [ $((SECONDS - began)) -ge "$START_SECONDS" ]; then return 1; fi
    if [ -n "$DAEMON_PID" ] && ! kill -0 "$DAEMON_PID" 2>/dev/null; then return 1; fi
    heartbeat "start the Docker daemon" "$began" "$DAEMON_LOG"
    sleep 0.2
  done
  heartbeat_end
}

start_with_systemd() {
  if systemctl start docker.service && wait_for_engine; then return; fi
  journalctl --unit docker.service --lines 25 --no-pager 2>/dev/null | sed 's/^/    | /' >&2 || true
  die "systemd could not start docker.service"
}

start_by_hand() {
  have dockerd || die "the 'dockerd' command is missing on this machine"
  if dockerd_is_running; then
    wait_for_engine || die "dockerd is running but does not answer" "Stop it, then try again. Its log is $DAEMON_LOG."
    return
  fi
  drop_stale_pid_file /run/docker.pid dockerd
  drop_stale_pid_file /run/docker/containerd/containerd.pid containerd
  drop_stale_containerd_socket
  launch_dockerd
  if wait_for_engine; then return; fi
  show_tail "$DAEMON_LOG"
  # Sandboxes have no network unless asked, so a kernel without packet filtering can still run them.
  if ! kill -0 "$DAEMON_PID" 2>/dev/null && grep -qiE 'iptables|nftables|bridge' "$DAEMON_LOG"; then
    say "    trying again without a bridge network: containers will have the host's network or none"
    drop_stale_pid_file /run/docker.pid dockerd
    launch_dockerd --bridge=none --iptables=false --ip6tables=false
    if wait_for_engine; then return; fi
    show_tail "$DAEMON_LOG"
  fi
  die "dockerd did not start" "Its log is $DAEMON_LOG."
}

say "==> start the Docker daemon"
began=$SECONDS
if [ -d /run/systemd/system ]; then start_with_systemd; else start_by_hand; fi
say "    done in $((SECONDS - began)) s"
