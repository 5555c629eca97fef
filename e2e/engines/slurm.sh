#!/usr/bin/env bash
# A Slurm cluster of two nodes with one processor each: the controller runs here, each node's daemon in a network namespace
# of its own, whose link can be cut. Both nodes have this machine's files and its container engine.
#
#     slurm.sh start PLACE    starts it; PLACE/settings has the variables
#     slurm.sh stop PLACE     ends all jobs, and stops it
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
action=$1 place=$2
. "$here/namespaces.sh"

number=$(number_of "$place")
nodes=(node1 node2)
port=$((20000 + 10#$number % 10000))
export SLURM_CONF=$place/slurm.conf

space() { printf 'exec-mcp-%s-%s' "$number" "${1#node}"; }
link() { printf 'xs%s%s' "$number" "${1#node}"; }
# The two addresses of a node's link: here, and there.
near() { printf '10.214.%d.%d' "$((10#$number % 250))" "$((4 * ${1#node} + 1))"; }
far() { printf '10.214.%d.%d' "$((10#$number % 250))" "$((4 * ${1#node} + 2))"; }

if [ "$action" = stop ]; then
    [ ! -s "$place/slurmctld.pid" ] || scancel --state=PENDING,RUNNING --user "$(id -un)" 2>/dev/null || true
    for node in "${nodes[@]}"; do stop_process "$place/$node.pid"; done
    stop_process "$place/slurmctld.pid"
    for node in "${nodes[@]}"; do remove_namespace "$(space "$node")" "$(link "$node")"; done
    exit 0
fi

"$here/install.sh" slurm
mkdir -p "$place/state"
cat >"$SLURM_CONF" <<CONF
ClusterName=exec-mcp
SlurmctldHost=$(hostname -s)($(near node1))
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmUser=$(id -un)
AuthType=auth/none
CredType=cred/none
StateSaveLocation=$place/state
SlurmdSpoolDir=$place/spool-%n
SlurmctldPidFile=$place/slurmctld.pid
SlurmdPidFile=$place/%n.pid
SlurmctldLogFile=$place/slurmctld.log
SlurmdLogFile=$place/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
EnforcePartLimits=ALL
# So that a node whose link was cut doesn't count as lost for good in the middle of a test.
SlurmdTimeout=300
NodeName=node1 NodeHostname=node1 NodeAddr=$(far node1) CPUs=1
NodeName=node2 NodeHostname=node2 NodeAddr=$(far node2) CPUs=1
PartitionName=lab Nodes=node1,node2 Default=YES MaxTime=1-00:00
CONF

for node in "${nodes[@]}"; do
    add_namespace "$(space "$node")" "$(link "$node")" "xf$number${node#node}" "$(near "$node")" "$(far "$node")"
    ip -n "$(space "$node")" route add default via "$(near "$node")"
done
slurmctld -f "$SLURM_CONF"
for node in "${nodes[@]}"; do
    # The name of the machine too is the node's own.
    nsenter --net="/run/netns/$(space "$node")" unshare --uts sh -c "hostname $node && exec slurmd -f '$SLURM_CONF' -N $node"
done
are_ready() { [ "$(sinfo --noheader --states=idle --format %D --partition lab)" = 2 ]; }
until_true 90 are_ready || {
    tail -n 20 "$place"/*.log >&2
    exit 1
}
cat >"$place/settings" <<SETTINGS
export SLURM_CONF=$SLURM_CONF SLURM_LINKS="$(link node1) $(link node2)"
SETTINGS
