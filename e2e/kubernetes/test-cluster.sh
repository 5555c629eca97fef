#!/usr/bin/env bash
# Runs the tests of sandboxes on a real cluster: that of kubectl's current context, whose name has to be given as CONFIRM.
# They make a namespace of their own there and delete it at the end; nothing else of the cluster is touched. Arguments go
# to pytest; --confirm only asks. IMAGE: the sandboxes' image, which the nodes can pull. STORAGE_CLASS: for persistent workspaces.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$(dirname "$here")")

# The user's own knows how to log in.
kubectl=$(command -v kubectl || "$here/install-kubectl.sh")
if ! context=$("$kubectl" config current-context 2>/dev/null); then
    echo "test-cluster: kubectl has no current context: kubectl config use-context NAME" >&2
    exit 2
fi
if [ "${CONFIRM:-}" != "$context" ]; then
    cat >&2 <<TEXT
test-cluster: this runs sandboxes on the cluster of the context '$context', in a namespace that is made for them and
deleted at the end. If that is what you want: make test-cluster CONFIRM='$context' IMAGE=... [STORAGE_CLASS=...]
TEXT
    exit 2
fi
[ "${1:-}" != --confirm ] || exit 0

"$root/e2e/environment.sh" kubernetes
export EXEC_MCP_BINARY=${EXEC_MCP_BINARY:-$root/.build/release/exec-mcp}
export EXEC_MCP_TEST_CONTEXT=$context EXEC_MCP_TEST_KUBECTL=$kubectl
export EXEC_MCP_TEST_IMAGE=${IMAGE:-mcp-code-executor:latest} EXEC_MCP_TEST_STORAGE_CLASS=${STORAGE_CLASS:-}
cd "$root/e2e"
exec "$root/.venv/kubernetes/bin/python" -m pytest kubernetes "$@"
