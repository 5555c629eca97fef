#!/usr/bin/env bash
# Makes this machine ready: a container engine that answers, and the sandbox's image.
# Does nothing when the image is there and was built from what is here now.
# shellcheck source=container/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
  cat <<'USAGE'
usage: container/image.sh [--force]

Finds or starts a container engine and builds the sandbox's image.

  --force   rebuild, even if nothing changed

  MCP_EXECUTOR_IMAGE        the image's tag (mcp-code-executor:latest)
  MCP_EXECUTOR_ENGINE       docker-compatible command line, name or path (docker)
  MCP_EXECUTOR_BASE_IMAGE   the base image (python:3.12-slim-bookworm, or one made with debootstrap)
USAGE
}

IMAGE=${MCP_EXECUTOR_IMAGE:-mcp-code-executor:latest}
LABEL=exec-mcp.build-inputs
# A new image bears this name until it has proved to work; only then does it take the place of the old one.
CANDIDATE=mcp-code-executor-candidate:latest
# The first stage of this build.
STAGE=build-$$-$RANDOM
FORCE=

while [ $# -gt 0 ]; do
  case $1 in
    --force) FORCE=1 ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) die "unknown argument '$1'" "$(usage)" ;;
  esac
  shift
done

# A digest of all that the image is made from. A label of the image keeps it, after the image's name and an @, and
# with a second one of how a base would be made here. `exec-mcp image` makes no base and writes the first alone.
build_inputs() {
  (
    cd "$CONTAINER_DIR"
    LC_ALL=C
    cat Dockerfile install.py requirements.txt fonts.py prepare.sh packages.txt uv.sh instant/*
    printf '%s' "${MCP_EXECUTOR_BASE_IMAGE:-}"
  ) | sha256
}

# Prints that label, whatever it says; fails when there is no such image.
image_label() { "$ENGINE" image inspect --format "{{index .Config.Labels \"$LABEL\"}}" "$IMAGE" 2>/dev/null; }

# Says so and succeeds when there is nothing to build.
nothing_to_do() {
  local label
  if [ -n "$FORCE" ] || ! label=$(image_label); then return 1; fi
  case $label in
    "$IMAGE@$INPUTS" | "$IMAGE@$INPUTS-$BASE_INPUTS") say "$IMAGE is up to date" ;;
    "$IMAGE@"*) return 1 ;;
    # Somebody's own, or derived from ours under a name of its own.
    *) say "$IMAGE exists and was not built here: left as it is (--force replaces it)" ;;
  esac
}

# The certificates this machine trusts, among them perhaps one of a proxy between it and the package index.
ca_bundle() {
  local candidate
  for candidate in "${PIP_CERT:-}" "${REQUESTS_CA_BUNDLE:-}" "${SSL_CERT_FILE:-}" \
    /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem; do
    if [ -n "$candidate" ] && [ -f "$candidate" ]; then
      cat "$candidate"
      return
    fi
  done
}

# pip_setting NAME VARIABLE: from the environment, else from this machine's pip configuration.
pip_setting() {
  if [ -n "${!2:-}" ]; then
    printf '%s' "${!2}"
  elif have python3; then
    python3 -m pip config get "global.$1" 2>/dev/null || true
  fi
}

# build BASE CONTEXT
build() {
  local base=$1 context=$2 name variable value
  (
    cd "$CONTAINER_DIR"
    cp Dockerfile install.py requirements.txt fonts.py prepare.sh packages.txt uv.sh instant/* "$context/"
  )
  # What `exec-mcp image --with` adds.
  : >"$context/with.txt"
  ca_bundle >"$context/ca-bundle.pem"

  # The host's network reaches whatever this machine reaches, a proxy on its loopback address included.
  local options=(--network host --force-rm --tag "$CANDIDATE" --label "$LABEL=$IMAGE@$INPUTS-$BASE_INPUTS")
  options+=(--build-arg "BASE_IMAGE=$base" --build-arg "STAGE=$STAGE")
  for name in index-url extra-index-url trusted-host; do
    variable=PIP_$(printf '%s' "$name" | tr 'a-z-' 'A-Z_')
    value=$(pip_setting "$name" "$variable")
    if [ -n "$value" ]; then options+=(--build-arg "$variable=$value"); fi
  done
  for variable in HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy; do
    if [ -n "${!variable:-}" ]; then options+=(--build-arg "$variable=${!variable}"); fi
  done
  if [ -n "$FORCE" ]; then options+=(--no-cache); fi

  # A builder of BuildKit's may keep its results to itself; the context's own one leaves them with the engine.
  BUILDX_BUILDER=$("$ENGINE" context inspect --format '{{.Name}}' 2>/dev/null) || BUILDX_BUILDER=default
  export BUILDX_BUILDER
  step "build $IMAGE" "$ENGINE" build "${options[@]}" "$context"
}

# remove_leftovers REPLACED: an engine without BuildKit keeps the first stage, and any engine the image with the label
# REPLACED that the new one replaced. With the label's value: the image of another build may have no name yet.
remove_leftovers() {
  local label
  "$ENGINE" image rm "$CANDIDATE" >/dev/null
  for label in "exec-mcp.stage=$STAGE" ${1:+"$LABEL=$1"}; do
    "$ENGINE" image prune --force --filter "label=$label" >/dev/null 2>&1 || true
  done
}

make_image() {
  local base context replaced
  # Another run may have built it while this one waited for the lock.
  if nothing_to_do; then return; fi
  base=${MCP_EXECUTOR_BASE_IMAGE:-$("$CONTAINER_DIR/base.sh" "$ENGINE" ${FORCE:+--fresh})}
  context=$(mktemp -d)
  # shellcheck disable=SC2064 # The directory to remove is this one.
  trap "rm -rf '$context'" EXIT
  build "$base" "$context" || die "the image could not be built"
  step "check $IMAGE" "$CONTAINER_DIR/smoke.sh" "$ENGINE" "$CANDIDATE" || die "the new image does not work"
  replaced=$(image_label) || replaced=''
  "$ENGINE" tag "$CANDIDATE" "$IMAGE"
  remove_leftovers "$replaced"
  say "$IMAGE is ready"
}

ENGINE=$("$CONTAINER_DIR/engine.sh")
INPUTS=$(build_inputs)
BASE_INPUTS=$(base_inputs)
if ! nothing_to_do; then with_lock "$LOG_DIR/image.lock" make_image; fi
