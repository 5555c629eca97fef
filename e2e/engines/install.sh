#!/usr/bin/env bash
# Installs what the tests of other engines need.
set -euo pipefail

here=$(dirname "${BASH_SOURCE[0]}")
"$here/install-podman.sh" >/dev/null
"$here/install-sshd.sh" >/dev/null
