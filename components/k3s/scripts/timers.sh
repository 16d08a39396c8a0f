# shellcheck shell=bash
# Timers of the failover that are more than a line of K3s' configuration; part of install.sh.
# Values: those of files.sh, ROLE, CONFIG, KUBELET (a file for kubelet's folder of configurations, or nothing), HOLD
#         (yes|no: whether a server that is to give nodes up earlier waits for a step after this one)
# shellcheck disable=SC2154 # etc: of install.sh
set -euo pipefail
# After K3s' own, which is called 00-k3s-defaults.conf and written at each start.
kubelet_file=/var/lib/rancher/k3s/agent/etc/kubelet.conf.d/50-fogline.conf

write_kubelet() {
  if [ -n "$KUBELET" ]; then
    # K3s leaves folders that are there as they are: open to no listing, as it makes them.
    (umask 066 && mkdir -p "${kubelet_file%/*}")
    put "$kubelet_file" 0600 "$KUBELET"
  else
    rm -f "$kubelet_file"
  fi
}

# hold_grace: keeps the longer time after which nodes are given up. Agents that have not been told yet renew their
# leases more slowly than a server with the shorter one allows, and would all be given up.
hold_grace() {
  local before after kubernetes=50
  [ "$HOLD" = yes ] && [ -e "$etc/config.yaml" ] || return 0
  before=$(grace <"$etc/config.yaml")
  after=$(grace <<<"$CONFIG")
  before=${before:-$kubernetes}
  if [ -n "$after" ] && awk -v before="$before" -v after="$after" 'BEGIN { exit !(before > after) }'; then
    say "nodes are given up after $before s until all of them renew their leases often enough for $after s"
    CONFIG=${CONFIG/node-monitor-grace-period=${after}s/node-monitor-grace-period=${before}s}
  fi
}

grace() { sed -n 's/^ *- node-monitor-grace-period=\([0-9.]*\)s$/\1/p'; }
