#!/usr/bin/env bash
# Finds a container engine that answers; on Debian and Ubuntu, as root, installs and starts Docker when there is none.
# Prints the path of the engine's command line; messages go to stderr. Exit status 1: no engine, and why.
# shellcheck source=container/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

ENGINE_LOCK=/var/lock/exec-mcp-engine.lock

# Prints how an engine was chosen by name, address or context; fails where none was.
# Installing another one would not be what the person asked for.
chosen_engine() {
  local cli context
  if [ -n "${DOCKER_HOST:-}" ]; then
    printf 'DOCKER_HOST=%s' "$DOCKER_HOST"
  elif [ "${MCP_EXECUTOR_ENGINE:-docker}" != docker ]; then
    printf 'MCP_EXECUTOR_ENGINE=%s' "$MCP_EXECUTOR_ENGINE"
  elif cli=$(find_engine) && context=$(bounded 10 "$cli" context inspect --format '{{.Name}}' 2>/dev/null) \
    && [ -n "$context" ] && [ "$context" != default ]; then
    printf 'the docker context "%s"' "$context"
  else
    return 1
  fi
}

# Whether this is a machine on which we can start an engine ourselves.
can_provide_engine() {
  [ "$(uname -s)" = Linux ] && [ "$(id -u)" -eq 0 ] && { have apt-get || have dockerd; }
}

provide_engine() {
  local cli
  # Another run may have done it while this one waited for the lock.
  if cli=$(find_engine) && engine_answers "$cli"; then return; fi
  if ! have dockerd || ! find_engine >/dev/null; then
    step "install Docker" "$CONTAINER_DIR/install-docker.sh" || die "Docker could not be installed"
  fi
  "$CONTAINER_DIR/start-dockerd.sh"
}

main() {
  local cli chosen
  if cli=$(find_engine) && engine_answers "$cli"; then
    printf '%s\n' "$cli"
    return
  fi
  if chosen=$(chosen_engine); then
    find_engine >/dev/null \
      || die "no command '${MCP_EXECUTOR_ENGINE:-docker}' is installed (chosen by $chosen)"
    die "the container engine chosen by $chosen does not answer" \
      "${ENGINE_COMPLAINT:-it did not answer in 10 seconds}" \
      "Start it, or choose another: container/README.md says how."
  fi
  if ! can_provide_engine; then
    "$CONTAINER_DIR/engine-advice.sh" "${ENGINE_COMPLAINT:-}"
    exit 1
  fi
  with_lock "$ENGINE_LOCK" provide_engine
  cli=$(find_engine) || die "Docker was installed, but the 'docker' command is missing"
  engine_answers "$cli" || die "Docker was started but does not answer" "$ENGINE_COMPLAINT"
  printf '%s\n' "$cli"
}

main "$@"
