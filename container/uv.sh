#!/bin/sh
# In the sandbox's image this is `uv`. Outside a virtual environment uv would install into the system's Python, which is
# read-only here, and it does not know the user's packages. Without other orders it installs where pip does.
real=/usr/local/lib/uv/uv

# Whether there is a virtual environment in this directory or one above, as uv looks for it.
has_environment() {
    [ -z "$VIRTUAL_ENV" ] || return 0
    directory=$PWD
    while [ -n "$directory" ]; do
        [ ! -e "$directory/.venv" ] || return 0
        directory=${directory%/*}
    done
    return 1
}

if [ "$1 $2" = "pip install" ] && [ -n "$PYTHONUSERBASE" ] && ! has_environment; then
    for argument; do
        case $argument in
            --target* | -t | --prefix* | --python* | -p | --system) exec "$real" "$@" ;;
        esac
    done
    shift 2
    exec "$real" pip install --system --prefix "$PYTHONUSERBASE" "$@"
fi
exec "$real" "$@"
