#!/usr/bin/env bash
# A second docker engine with storage of its own, which is reached over SSH and over TLS through a network that can be cut:
# it and sshd run in a network namespace, at the other end of a pair of interfaces. If gVisor is installed, it is one of the
# engine's runtimes.
#
#     remote-engine.sh start PLACE IMAGE_TAR IMAGE    starts both and imports the image; PLACE/settings has the variables
#     remote-engine.sh stop PLACE                     stops both and removes the network
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
action=$1 place=$2
. "$here/namespaces.sh"

number=$(number_of "$place")
space=exec-mcp-$number link=xm$number
subnet=10.213.$((10#$number % 250)).
engine=unix://$place/docker.sock

if [ "$action" = stop ]; then
    if [ -S "$place/docker.sock" ]; then
        docker --host "$engine" ps --all --quiet | xargs --no-run-if-empty docker --host "$engine" rm --force >/dev/null || true
    fi
    stop_process "$place/sshd.pid"
    stop_process "$place/docker.pid"
    # With what sshd has started for sessions whose network is cut.
    remove_namespace "$space" "$link"
    exit 0
fi

tar=$3 image=$4
"$here/install.sh" remote >/dev/null
mkdir -p "$place" /run/sshd
add_namespace "$space" "$link" "xf$number" "${subnet}1" "${subnet}2"

# certify NAME AUTHORITY EXTENSION DAYS: a key and a certificate, which this authority has issued.
certify() {
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" \
        -keyout "$place/$1.key" -out "$place/$1.csr" 2>/dev/null
    openssl x509 -req -in "$place/$1.csr" -CA "$place/$2.pem" -CAkey "$place/$2.key" -CAcreateserial -days "$4" \
        -extfile <(printf '%s\n' "$3") -out "$place/$1.pem" 2>/dev/null
}
for authority in authority stranger; do
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$authority" \
        -keyout "$place/$authority.key" -out "$place/$authority.pem" 2>/dev/null
done
addresses="subjectAltName=IP:${subnet}2,IP:127.0.0.1"
certify server authority "$addresses" 2
certify outdated-server authority "$addresses" 0
certify client authority extendedKeyUsage=clientAuth 2
certify outdated-client authority extendedKeyUsage=clientAuth 0
# A directory of certificates as docker wants it: DIRECTORY AUTHORITY [CLIENT].
certificates() {
    mkdir "$place/$1"
    cp "$place/$2.pem" "$place/$1/ca.pem"
    [ "$#" -lt 3 ] || { cp "$place/$3.pem" "$place/$1/cert.pem" && cp "$place/$3.key" "$place/$1/key.pem"; }
}
certificates good authority client
certificates wrong-authority stranger client
certificates outdated authority outdated-client
certificates without-client authority

runtimes=
if runsc=$(command -v runsc); then
    platform=ptrace
    ! runsc flags 2>&1 | grep systrap >/dev/null || platform=systrap
    # The network is docker's affair, which gives it none.
    runtimes="\"runsc\": {\"path\": \"$runsc\", \"runtimeArgs\": [\"--platform=$platform\", \"--network=none\"]}"
fi
cat >"$place/daemon.json" <<JSON
{
  "runtimes": {$runtimes},
  "hosts": ["$engine", "tcp://${subnet}2:2376"],
  "tlsverify": true,
  "tlscacert": "$place/authority.pem", "tlscert": "$place/server.pem", "tlskey": "$place/server.key"
}
JSON
# Not outside of the namespace: told to have no bridge, it would remove the other engine's. nsenter, because `ip netns exec`
# hides the control groups.
nsenter --net="/run/netns/$space" dockerd --config-file "$place/daemon.json" --data-root "$place/data" --exec-root "$place/exec" \
    --pidfile "$place/docker.pid" --bridge none --iptables=false --ip-masq=false >"$place/dockerd.log" 2>&1 &
until_true 90 docker --host "$engine" version || {
    tail -5 "$place/dockerd.log" >&2
    exit 1
}
docker --host "$engine" import --change 'USER 1000:1000' "$tar" "$image" >/dev/null

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
export REMOTE_DOCKER_HOST=ssh://root@${subnet}2 REMOTE_TLS_HOST=tcp://${subnet}2:2376 REMOTE_CERTIFICATES=$place
export REMOTE_ENGINE=$engine REMOTE_LINK=$link PATH=$place/bin:\$PATH
SETTINGS
