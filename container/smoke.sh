#!/usr/bin/env bash
# smoke.sh ENGINE IMAGE: runs smoke.py in a container as confined as a sandbox is.
# The in-memory directories are everybody's: not every engine can give one to a user. The number is one that no file of
# the image knows.
# shellcheck source=container/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$1" run --rm --interactive --log-driver none --network none --read-only --cap-drop ALL \
  --security-opt no-new-privileges --user 23456:23456 --env HOME=/home/coderunner \
  --tmpfs /tmp:rw,nosuid,nodev,size=64m,mode=1777 \
  --tmpfs /home/coderunner:rw,nosuid,nodev,size=64m,mode=1777 \
  --tmpfs /output:rw,nosuid,nodev,size=64m,mode=1777 \
  "$2" python3 - "$(cat "$CONTAINER_DIR/requirements.txt")" <"$CONTAINER_DIR/smoke.py"
