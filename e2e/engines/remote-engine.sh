#!/usr/bin/env bash
# A second docker engine with storage of its own, which is reached over SSH through a network that can be cut: sshd runs in a
# network namespace, at the other end of a pair of interfaces.
#
#     remote-engine.sh start PLACE IMAGE_TAR IMAGE    starts both and imports the image; PLACE/settings has the variables
#     remote-engine.sh stop PLACE                     stops both and removes the network
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
action=$1 place=$2

# Names of interfaces have at most 15 characters.
suffix=$(printf '%s' "$place" | cksum | cut -d ' ' -f 1)
suffix=${suffix: -6}
space=exec-mcp-$suffix link=xm$suffix far=xf$suffix
subnet=10.213.$((10#$suffix % 250)).
engine=unix://$place/docker.sock

# stop_process FILE: ends the process whose number is in FILE, and waits for its end.
stop_process() {
    local pid
    [ -s "$1" ] || return 0
    pid=$(cat "$1")
    kill "$pid" 2>/dev/null || return 0
    for _ in $(seq 300); do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null || true
}

if [ "$action" = stop ]; then
    if [ -S "$place/docker.sock" ]; then
        docker --host "$engine" ps --all --quiet | xargs --no-run-if-empty docker --host "$engine" rm --force >/dev/null || true
    fi
    stop_process "$place/sshd.pid"
    stop_process "$place/docker.pid"
    # What sshd has started for sessions whose network is cut.
    ip netns pids "$space" 2>/dev/null | xargs --no-run-if-empty kill -KILL 2>/dev/null || true
    ip link delete "$link" 2>/dev/null || true
    ip netns delete "$space" 2>/dev/null || true
    exit 0
fi

tar=$3 image=$4
"$here/install-sshd.sh" >/dev/null
mkdir -p "$place" /run/sshd

# In a network namespace of its own: told to have no bridge, it would remove the other engine's.
unshare --net dockerd --data-root "$place/data" --exec-root "$place/exec" --pidfile "$place/docker.pid" --host "$engine" \
    --bridge none --iptables=false --ip-masq=false >"$place/dockerd.log" 2>&1 &
for _ in $(seq 300); do
    docker --host "$engine" version >/dev/null 2>&1 && break
    kill -0 $! 2>/dev/null || break
    sleep 0.1
done
docker --host "$engine" version >/dev/null || {
    tail -5 "$place/dockerd.log" >&2
    exit 1
}
docker --host "$engine" import --change 'USER 1000:1000' "$tar" "$image" >/dev/null

ip netns add "$space"
ip link add "$link" type veth peer name "$far" netns "$space"
ip address add "${subnet}1/30" dev "$link"
ip link set "$link" up
ip -n "$space" address add "${subnet}2/30" dev "$far"
ip -n "$space" link set "$far" up
ip -n "$space" link set lo up

for key in host user; do
    ssh-keygen -q -t ed25519 -N '' -f "$place/$key"
done
cat >"$place/sshd_config" <<CONF
ListenAddress ${subnet}2
HostKey $place/host
PidFile $place/sshd.pid
AuthorizedKeysFile $place/user.pub
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication no
SetEnv DOCKER_HOST=$engine
MaxStartups 200
CONF
ip netns exec "$space" /usr/sbin/sshd -f "$place/sshd_config"

printf '%s %s\n' "${subnet}2" "$(cut -d ' ' -f 1,2 "$place/host.pub")" >"$place/known_hosts"
# docker's command line starts `ssh` by its name. It asks the account, not HOME, where the user's settings are.
mkdir "$place/bin"
cat >"$place/bin/ssh" <<SCRIPT
#!/bin/sh
exec $(command -v ssh) -F none -o IdentityFile=$place/user -o UserKnownHostsFile=$place/known_hosts \\
    -o StrictHostKeyChecking=yes "\$@"
SCRIPT
chmod 755 "$place/bin/ssh"
cat >"$place/settings" <<SETTINGS
export REMOTE_DOCKER_HOST=ssh://root@${subnet}2 REMOTE_ENGINE=$engine REMOTE_LINK=$link PATH=$place/bin:\$PATH
SETTINGS
