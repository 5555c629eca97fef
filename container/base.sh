#!/usr/bin/env bash
# base.sh ENGINE [--fresh]: prints the name of the image to build on, after making sure that it is there.
# The official Python image where a registry answers; else one made with debootstrap from this machine's package mirror.
# shellcheck source=container/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

OFFICIAL=python:3.12-slim-bookworm
LOCAL=mcp-code-executor-base:local
# A registry that has not so much as named the image by then does not answer.
ANSWER_SECONDS=15
PULL_SECONDS=600

ENGINE=$1
FRESH=${2:-}

present() { "$ENGINE" image inspect "$1" >/dev/null 2>&1; }

# Fails soon where no registry answers, yet leaves a slow download its time. $PULL_COMPLAINT says what went wrong.
pull_official() {
  local log=$LOG_DIR/pull.log began=$SECONDS pid limit=$ANSWER_SECONDS
  mkdir -p "$LOG_DIR"
  say "==> pull $OFFICIAL"
  "$ENGINE" pull "$OFFICIAL" </dev/null >"$log" 2>&1 &
  pid=$!
  # shellcheck disable=SC2064 # The process to end is this one.
  trap "kill $pid 2>/dev/null || true" EXIT
  while kill -0 "$pid" 2>/dev/null; do
    if grep -qiE 'pulling|copying' "$log"; then limit=$PULL_SECONDS; fi
    if [ $((SECONDS - began)) -ge "$limit" ]; then
      heartbeat_end
      PULL_COMPLAINT="no answer within $limit seconds"
      return 1
    fi
    heartbeat "pull $OFFICIAL" "$began" "$log"
    sleep 0.2
  done
  heartbeat_end
  trap - EXIT
  if ! wait "$pid"; then
    PULL_COMPLAINT=$(tail -n 1 "$log")
    return 1
  fi
  say "    done in $((SECONDS - began)) s"
}

# local_is_current: whether our own base image was made by the script and from the list as they are now.
local_is_current() {
  local made_by
  made_by=$("$ENGINE" image inspect --format '{{index .Config.Labels "exec-mcp.build-inputs"}}' "$LOCAL" 2>/dev/null) \
    && [ "$made_by" = "$(base_inputs)" ]
}

make_local() {
  local advice="Set MCP_EXECUTOR_BASE_IMAGE to a local image that has python3 with pip."
  if [ "$(uname -s)" != Linux ] || [ "$(id -u)" -ne 0 ] || ! have apt-get; then
    die "no registry answers, and only root on Debian or Ubuntu can make a base image without one" "$advice"
  fi
  if ! have debootstrap; then
    step "install debootstrap" "$CONTAINER_DIR/install-debootstrap.sh" \
      || die "debootstrap could not be installed" "$advice"
  # debootstrap.sh would do it as well, but beside whatever else uses apt here.
  elif [ -z "$(apt-get indextargets --format '$(URI)' 'Created-By: Packages')" ]; then
    step "update the package lists" "$CONTAINER_DIR/../packaging/apt-get.sh" update \
      || die "apt's package lists could not be updated" "$advice"
  fi
  step "make a base image with debootstrap" "$CONTAINER_DIR/debootstrap.sh" "$ENGINE" "$LOCAL" \
    || die "no base image could be made" "$advice"
  say "    $LOCAL is $("$ENGINE" image inspect --format '{{index .Config.Labels "exec-mcp.release"}}' "$LOCAL")"
}

if [ -z "$FRESH" ] && present "$OFFICIAL"; then
  echo "$OFFICIAL"
elif [ -z "$FRESH" ] && local_is_current; then
  echo "$LOCAL"
elif pull_official; then
  echo "$OFFICIAL"
else
  say "    no registry answers: $PULL_COMPLAINT"
  make_local
  echo "$LOCAL"
fi
