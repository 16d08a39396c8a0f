#!/usr/bin/env bash
# Started with K3s where flannel reaches other nodes' pods by routes (host-gw). It looks after what these need:
# - K3s finds the interface that leads to the other nodes at its start alone, and its routes go with the interface, as
#   when a tunnel is made anew: K3s is started anew, too.
# - WireGuard chooses the peer by a packet's own destination, not by the route's next hop, and takes from a peer only
#   what comes from the peer's addresses. So each node's pods belong to the peer that the node is reached by: on the
#   hub the node's own, on all others the hub. Which pods a node has, flannel's routes tell.
# Usage: follow-routes.sh UNIT INTERFACE POD_RANGE
set -euo pipefail
unit=$1
interface=$2
range=$3
# Seconds after which it looks without being told: a configuration that is loaded anew names no pods.
look_again=2

# The start of K3s that was seen last, and the interface's number at that time.
known_start=
known_index=

index() { ip -oneline link show dev "$interface" 2>/dev/null | cut -d: -f1; }

follow_interface() {
  local now start
  now=$(index) || true
  [ -n "$now" ] && systemctl is-active --quiet "$unit" || return 0
  start=$(systemctl show --property ActiveEnterTimestampMonotonic --value "$unit")
  if [ "$start" != "$known_start" ]; then
    known_start=$start
    known_index=$now
  elif [ "$now" != "$known_index" ]; then
    echo "<5>the pods' network went with its interface: restarting $unit"
    known_index=$now
    systemctl restart "$unit"
  fi
}

# What is there: "peer KEY RANGE…" of each peer, and "route SUBNET GATEWAY" of each other node.
state() {
  wg show "$interface" allowed-ips | awk '{ print "peer", $0 }'
  ip -4 route show root "$range" dev "$interface" | awk '$2 == "via" { print "route", $1, $3 }'
}

# changes <STATE: "KEY RANGE,…" of each peer whose ranges are not what they must be. Ranges that are no pods' stay.
changes() {
  awk -v pods="$range" '
    function number(address, parts) {
      split(address, parts, ".")
      return ((parts[1] * 256 + parts[2]) * 256 + parts[3]) * 256 + parts[4]
    }
    function holds(net, address, parts, size) {
      if (net ~ /:/) return 0
      split(net, parts, "/")
      size = 2 ^ (32 - parts[2])
      return int(number(parts[1]) / size) == int(number(address) / size)
    }
    function bits(net, parts) { split(net, parts, "/"); return parts[2] + 0 }
    function add(key, net) {
      wanted[key] = wanted[key] (wanted[key] == "" ? "" : ",") net
      count[key]++
      if (!((key, net) in given)) differs[key] = 1
    }
    $1 == "peer" {
      key = $2
      keys[++peers] = key
      for (n = 3; n <= NF; n++) {
        if ($n == "(none)") continue
        given[key, $n] = 1
        had[key]++
        split($n, parts, "/")
        if (holds(pods, parts[1]) && bits($n) >= bits(pods)) continue
        own[key] = own[key] " " $n
        add(key, $n)
      }
    }
    $1 == "route" {
      best = ""
      longest = -1
      for (p = 1; p <= peers; p++) {
        nets = split(own[keys[p]], net, " ")
        for (n = 1; n <= nets; n++) {
          if (holds(net[n], $3) && bits(net[n]) > longest) {
            longest = bits(net[n])
            best = keys[p]
          }
        }
      }
      if (best != "") add(best, $2)
    }
    END {
      for (p = 1; p <= peers; p++) {
        key = keys[p]
        if (differs[key] || count[key] != had[key]) print key, wanted[key]
      }
    }'
}

let_pods_through() {
  local key ranges
  index >/dev/null || return 0
  state | changes | while read -r key ranges; do
    echo "<6>$key: $ranges"
    wg set "$interface" peer "$key" allowed-ips "$ranges"
  done
}

# Every change of a route or link has it look. What fails while the interface comes or goes is done at the next look.
ip -4 -oneline monitor route link | while :; do
  follow_interface
  let_pods_through || true
  read -r -t $look_again _ || [ $? -gt 128 ] || exit 1
done
