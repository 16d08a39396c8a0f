#!/usr/bin/env bash
# Started with K3s: the pods' network (flannel.1) hangs on the interface that leads to the other nodes
# and goes with it, as when a tunnel is made anew. K3s makes it at its start alone, so it is started
# anew, too.
# Usage: follow.sh UNIT [INTERFACE]
set -euo pipefail
unit=$1
interface=${2:-lo}
# Seconds that K3s takes, at least, to make the network after its start.
patience=15

is_lost() {
  local since
  ! ip link show flannel.1 >/dev/null 2>&1 && ip link show "$interface" >/dev/null 2>&1 \
    && systemctl is-active --quiet "$unit" || return 1
  since=$(systemctl show --property ActiveEnterTimestampMonotonic --value "$unit")
  awk -v since="$since" -v patience=$patience '{ exit !($1 * 1e6 - since > patience * 1e6) }' /proc/uptime
}

# Every change of a link has it look; the time-out is for what came before, or while K3s started.
ip -oneline monitor link | while :; do
  read -r -t 10 _ || [ $? -gt 128 ] || exit 1
  if is_lost; then
    echo "<5>the pods' network went with its interface: restarting $unit"
    systemctl restart "$unit"
  fi
done
