#!/usr/bin/env bash
# The agent's API by hand: a message, the one after it, the files, and the end of the conversation.
#
#   exec-agent serve &
#   ./with_curl.sh [http://127.0.0.1:8000]
set -euo pipefail

service=${1:-http://127.0.0.1:8000}
user=curl-example
key=${AGENT_API_KEY:-unused}

request() { curl --fail-with-body --silent --show-error --header "Authorization: Bearer $key" "$@"; }

# say TEXT: only the new message is sent, and the service knows what was said before.
say() {
    printf '> %s\n' "$1"
    python3 -c 'import json, sys; print(json.dumps({"user": sys.argv[1],
        "messages": [{"role": "user", "content": sys.argv[2]}]}))' "$user" "$1" |
        request --header 'Content-Type: application/json' --data @- "$service/v1/chat/completions" |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["choices"][0]["message"]["content"])'
}

request "$service/health"
echo
say 'Plot the first 50 primes into a file.'
say 'How large is the file?'
request "$service/$user/artifacts"
echo
request --request DELETE "$service/v1/sessions/$user"
