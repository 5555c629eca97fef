#!/usr/bin/env bash
# engine-advice.sh [COMPLAINT]: says what this machine lacks for a container engine to answer, and how to get it.
# COMPLAINT is what the engine's command line said, empty when there is no such command.
# shellcheck source=container/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

macos_advice() {
  if [ -d /Applications/OrbStack.app ]; then
    say "OrbStack is installed: start it with 'open -a OrbStack', then try again."
  elif [ -d /Applications/Docker.app ]; then
    say "Docker Desktop is installed: start it with 'open -a Docker', then try again."
  elif have colima; then
    say "Colima is installed: start it with 'colima start', then try again."
  else
    say "Install one of these, start it, then try again:"
    say "  Docker Desktop   brew install --cask docker"
    say "  OrbStack         brew install --cask orbstack"
    say "  Colima           brew install colima docker && colima start"
  fi
}

# Prints the command that installs an engine here, by the distribution's name or that of its family.
install_command() {
  local name
  for name in $(
    # shellcheck source=/dev/null
    . /etc/os-release 2>/dev/null && echo "${ID:-} ${ID_LIKE:-}"
  ); do
    case $name in
      debian | ubuntu) echo "apt-get install docker.io" ;;
      fedora) echo "dnf install moby-engine" ;;
      rhel | centos) echo "dnf install podman    (and set MCP_EXECUTOR_ENGINE=podman)" ;;
      arch) echo "pacman -S docker" ;;
      alpine) echo "apk add docker" ;;
      suse | opensuse*) echo "zypper install docker" ;;
      *) continue ;;
    esac
    return
  done
}

linux_advice() {
  local complaint=$1 command user
  case $complaint in
    *[Pp]ermission\ denied*)
      user=$(id -un 2>/dev/null) || true
      say "There is an engine, but $user may not use it. Join its group, log in again, then try again:"
      say "  sudo usermod -aG docker $user"
      return
      ;;
  esac
  if have dockerd; then
    say "Docker is installed but not running. Start it, then try again:"
    if [ -d /run/systemd/system ]; then
      say "  sudo systemctl enable --now docker"
    else
      say "  sudo service docker start"
    fi
    return
  fi
  command=$(install_command)
  if [ -n "$command" ]; then
    say "Install one, then try again:"
    say "  sudo $command"
  else
    say "Install Docker or Podman from your distribution's packages, then try again."
  fi
  if have apt-get && [ "$(id -u)" -ne 0 ]; then
    say "Or run this once as root: it installs and starts an engine for you."
  fi
}

if [ -n "${1:-}" ]; then
  say "error: no container engine answers on this machine"
  say "$1"
else
  say "error: there is no container engine on this machine"
fi
case $(uname -s) in
  Darwin) macos_advice ;;
  *) linux_advice "${1:-}" ;;
esac
say "Or name another docker-compatible command in MCP_EXECUTOR_ENGINE. An engine on another machine also works (set"
say "DOCKER_HOST, or select a docker context). It does not see the directories of this machine, so start the server"
say "with '--tools none --skills none' and a --workspace that isn't a directory."
