#!/usr/bin/env bash
# Installs the packages that `make dist` has made (DIST says where) on systems without Swift, and uses them there. Also
# runs the tests of exec-agent's connections with the program of the packages. Arguments go to pytest.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
export EXEC_MCP_BINARY=$root/.build/portable/exec-mcp EXEC_AGENT_BINARY=$root/.build/portable/exec-agent

# shellcheck source=packaging/portable/lib.sh
. "$root/packaging/portable/lib.sh"
install_missing lintian lintian man man-db
"$here/trees.sh" >/dev/null
cd "$root/e2e"
"$root/.venv/tests/bin/python" -m pytest systems agent/test_connections.py --durations=0 --durations-min=1 "$@"
