# shellcheck shell=bash
# Helpers that the scripts in this directory share. To be sourced, not run.
# Written for bash 3.2 as well, the one macOS ships.
set -euo pipefail

CONTAINER_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LOG_DIR=$CONTAINER_DIR/.logs

# A desktop launcher, cron or a service manager may leave PATH nearly empty.
PATH=${PATH:+$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH

# People read stderr; stdout is for what a script hands to its caller.
say() { printf '%s\n' "$*" >&2; }

# die LINE...: the first line says what is wrong, the others what to do about it.
die() {
  printf 'error: %s\n' "$1" >&2
  shift
  [ $# -eq 0 ] || printf '%s\n' "$@" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# bounded SECONDS COMMAND...: ends the command when the time is up. macOS has no timeout(1) but has perl.
bounded() {
  local limit=$1
  shift
  if have timeout; then
    timeout --kill-after=2 "$limit" "$@"
  else
    perl -e 'alarm shift; exec @ARGV or exit 127' "$limit" "$@"
  fi
}

sha256() {
  if have sha256sum; then sha256sum; else shasum -a 256; fi | cut -c1-64
}

# A digest of all that a base made with debootstrap is made from. A label of it keeps it.
base_inputs() { (cd "$CONTAINER_DIR" && cat debootstrap.sh packages.txt) | sha256; }

# Closes every descriptor above stderr, so that a process started from here keeps no pipe or lock of its caller's open.
close_inherited_descriptors() {
  local path fd
  for path in /dev/fd/*; do
    fd=${path##*/}
    case $fd in
      *[!0-9]*) ;;
      *) if [ "$fd" -gt 2 ]; then eval "exec $fd>&-" 2>/dev/null || true; fi ;;
    esac
  done
}

# show_tail FILE: the end of a log, for someone who must find out what went wrong.
show_tail() {
  say "    the end of $1:"
  tail -n 25 "$1" 2>/dev/null | sed 's/^/    | /' >&2 || true
}

# heartbeat NAME BEGAN LOG: says that NAME is still at work, and at what. Call it several times a second.
# A terminal gets one line that changes every second, a file or pipe a new line every ten.
heartbeat() {
  local elapsed=$((SECONDS - $2)) last
  [ "$elapsed" -gt "${HEARTBEAT_LAST:-0}" ] || return 0
  if [ ! -t 2 ] && [ $((elapsed - ${HEARTBEAT_LAST:-0})) -lt 10 ]; then return 0; fi
  HEARTBEAT_LAST=$elapsed
  # The last line that says something, without colours.
  last=$(tail -n 5 "$3" 2>/dev/null | sed $'s/\033\\[[0-9;]*m//g' | LC_ALL=C tr -cd '[:print:]\n' \
    | grep . | tail -n 1 | cut -c1-60) || last=''
  if [ -t 2 ]; then
    printf '\r\033[K    %s: %d s  %s' "$1" "$elapsed" "$last" >&2
  else
    say "    $1: $elapsed s  $last"
  fi
}

# Makes way for the next message: forgets the last beat, and on a terminal wipes its line.
heartbeat_end() {
  HEARTBEAT_LAST=0
  [ ! -t 2 ] || printf '\r\033[K' >&2
}

# step NAME COMMAND...: runs a long command with its output in a log and a heartbeat for the person who waits.
# Returns the command's status; a failure shows the end of the log.
step() {
  local name=$1 log began=$SECONDS pid status=0
  shift
  mkdir -p "$LOG_DIR"
  log=$LOG_DIR/$(printf '%s' "$name" | tr -cs '[:alnum:]' '-').log
  say "==> $name"
  # Job control gives the command a process group of its own, which an interrupt can end as a whole.
  set -m
  (
    close_inherited_descriptors
    "$@"
  ) </dev/null >"$log" 2>&1 &
  pid=$!
  set +m
  # shellcheck disable=SC2064 # The process to end is this one.
  trap "kill -TERM -- -$pid 2>/dev/null; exit 130" INT TERM HUP
  while kill -0 "$pid" 2>/dev/null; do
    heartbeat "$name" "$began" "$log"
    sleep 0.2
  done
  heartbeat_end
  wait "$pid" || status=$?
  trap - INT TERM HUP
  if [ "$status" -ne 0 ]; then
    say "    failed after $((SECONDS - began)) s (status $status)"
    show_tail "$log"
    return "$status"
  fi
  say "    done in $((SECONDS - began)) s"
}

# with_lock FILE COMMAND...: one at a time on this machine. Where flock(1) is missing (macOS) the command just runs.
with_lock() {
  local file=$1 began=$SECONDS
  shift
  if have flock; then
    mkdir -p "$(dirname "$file")"
    exec 9>"$file"
    if ! flock --nonblock 9; then
      say "==> waiting for another run to finish"
      until flock --timeout 10 9; do say "    still waiting: $((SECONDS - began)) s"; done
    fi
  fi
  "$@"
  exec 9>&-
}

# The docker-compatible CLI: $MCP_EXECUTOR_ENGINE or docker, from PATH or from where installers put it.
find_engine() {
  local want=${MCP_EXECUTOR_ENGINE:-docker} dir
  if have "$want"; then
    command -v "$want"
    return
  fi
  for dir in /opt/homebrew/bin "${HOME:-/root}/.docker/bin" "${HOME:-/root}/.orbstack/bin"; do
    if [ -x "$dir/$want" ]; then
      printf '%s\n' "$dir/$want"
      return
    fi
  done
  return 1
}

# engine_answers CLI: `ps` is the cheapest question that every docker-compatible CLI must ask its engine to answer.
# What the CLI says when it fails is left in $ENGINE_COMPLAINT.
engine_answers() {
  # shellcheck disable=SC2034 # Read by the scripts that source this file.
  ENGINE_COMPLAINT=$(bounded 10 "$1" ps --quiet 2>&1 >/dev/null)
}
