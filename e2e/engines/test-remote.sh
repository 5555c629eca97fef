#!/usr/bin/env bash
# Runs tests with a second docker engine: test-remote.sh PLACE ssh-and-tls|gvisor ARGUMENT… run.sh has filled PLACE, and
# stops what is left running. The arguments are pytest's.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/kinds.sh"
place=$1 kind=$2
shift 2

# With gVisor: what code can see and do, and attacks of all kinds.
gvisor=(sandbox/test_isolation.py attacks/test_kernel.py attacks/test_paths.py attacks/test_quotas.py)

[ "$kind" != gvisor ] || "$here/install.sh" gvisor >/dev/null
say "starting an engine elsewhere"
"$here/remote-engine.sh" start "$place/remote" "$place/system.tar" "$small"
. "$place/remote/settings"
export MCP_EXECUTOR_IMAGE=$small EXEC_MCP_BINARY=$place/bundle/exec-mcp
status=0
if [ "$kind" = gvisor ]; then
    say "gVisor"
    DOCKER_HOST=$REMOTE_ENGINE MCP_EXECUTOR_RUNTIME=runsc "$python" -m pytest "${gvisor[@]}" "$@" || status=1
else
    say "docker behind SSH and TLS"
    "$python" -m pytest engines/test_remote.py engines/test_tls.py "$@" || status=1
fi
"$here/remote-engine.sh" stop "$place/remote"
exit "$status"
