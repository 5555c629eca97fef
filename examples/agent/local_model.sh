#!/usr/bin/env bash
# The agent with a model on this machine: looks for a server that speaks the OpenAI API where the usual ones listen, and
# takes its first model. No key, and nothing leaves the machine.
#
#   ./local_model.sh "Plot the first 50 primes"
#   ./local_model.sh serve
#
#   OPENAI_BASE_URL   the server, if it is elsewhere
#   DEFAULT_MODEL     the model, if it is not the first; it must be able to call tools
set -euo pipefail

# Ollama, llama.cpp, vLLM, LM Studio.
candidates=(http://localhost:11434/v1 http://localhost:8080/v1 http://localhost:8001/v1 http://localhost:1234/v1)
if [ -n "${OPENAI_BASE_URL:-}" ]; then candidates=("$OPENAI_BASE_URL"); fi

for url in "${candidates[@]}"; do
    models=$(curl --silent --fail --max-time 5 "$url/models" 2>/dev/null) || continue
    if [ -z "${DEFAULT_MODEL:-}" ]; then
        DEFAULT_MODEL=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["data"][0]["id"])' <<<"$models") ||
            continue
    fi
    export OPENAI_BASE_URL=$url DEFAULT_MODEL
    echo "$0: $DEFAULT_MODEL at $url" >&2
    exec "${EXEC_AGENT:-exec-agent}" "$@"
done

echo "$0: no model server answers at ${candidates[*]}" >&2
echo "Start one, for example: ollama serve" >&2
exit 1
