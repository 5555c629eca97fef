#!/usr/bin/env bash
# Runs the tests of Slurm as a launcher: test-slurm.sh PLACE ARGUMENT… run.sh has filled PLACE, and stops what is left
# running. The arguments are pytest's.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/kinds.sh"
place=$1
shift

say "Slurm"
"$here/slurm.sh" start "$place/slurm"
. "$place/slurm/settings"
status=0
EXEC_MCP_BINARY=$place/bundle/exec-mcp "$python" -m pytest engines/test_slurm.py "$@" || status=1
"$here/slurm.sh" stop "$place/slurm"
exit "$status"
