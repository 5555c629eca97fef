# What the tests of other engines have in common; sourced.
tests=$(dirname "$here")
root=$(dirname "$tests")
python=$root/.venv/tests/bin/python
# The image that is made from the system of the sandbox's image.
small=exec-mcp-small:latest

cd "$tests"
say() { printf 'engines: %s\n' "$*"; }
