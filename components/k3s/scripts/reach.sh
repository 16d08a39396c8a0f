#!/usr/bin/env bash
# Asks the other nodes all the time whether they answer, over the pods' network. While one is silent, connections
# that this node itself opens to its pods, as an ingress controller does, fail at once, and those that stand end:
# requests then go to other pods, long before Kubernetes drops the silent node's endpoints. Pods' own
# connections are left alone.
# A pod that died on a node that lives needs none of this: the node refuses its connections itself.
# Usage: reach.sh watch POD_RANGE SILENCE | clear
#   SILENCE: milliseconds without an answer until a node is silent, below 1000
set -euo pipefail
export LC_ALL=C # decimal points, and the words of ping
# Number of a routing table, and of the rule by which packets of this node itself look there first.
table=4217
# Seconds between two questions. Five in a row are lost by chance once in an hour and a half where 5 % of all packets
# are lost each way, and once in six days at 2 %.
every=0.05
silence=${3:-0}
# The same for read, in seconds.
patience=$(printf '0.%03d' "$silence")
# Who wakes up later than this after that time, milliseconds, has slept itself, and cannot tell.
slack=100
# Answers in a row, one second's, from which on a node's silence counts, and ends. Who never answers is not silent.
enough=20
# Seconds after which nodes are looked for although no route changed.
look_again=10

set_up() {
  ip -4 rule list | grep -q "^$table:" || ip -4 rule add pref "$table" iif lo lookup "$table"
}

clear_away() {
  ip -4 route flush table "$table" 2>/dev/null || true
  ip -4 rule del pref "$table" 2>/dev/null || true
}

# nodes RANGE: "SUBNET GATEWAY" of each other node, as flannel has them.
nodes() { ip -4 route show root "$1" | awk '$2 == "via" { print $1, $3 }'; }

# refuse SUBNET GATEWAY
refuse() {
  echo "<4>the node of $1 is silent: its pods get no connections from here"
  # With vxlan the node is asked at an address of its own subnet.
  ip -4 route replace throw "$2/32" table "$table"
  ip -4 route replace unreachable "$1" table "$table"
  # Those that wait for an answer, too. A kernel that cannot end others' connections leaves them to their time-outs.
  ss --kill --tcp --no-header dst "$1" >/dev/null 2>&1 || true
}

# admit SUBNET GATEWAY
admit() {
  ip -4 route del unreachable "$1" table "$table" 2>/dev/null || true
  ip -4 route del throw "$2/32" table "$table" 2>/dev/null || true
}

# heard FD: whether an answer is read in time. What else ping says, such as that there is no route, is none.
heard() {
  local line status now until=$((${EPOCHREALTIME/./} + silence * 1000))
  while :; do
    status=0
    read -r -t "$patience" -u "$1" line || status=$?
    [ $status -eq 0 ] || [ $status -gt 128 ] || exit 1 # ping has ended: watched anew
    [ $status -ne 0 ] || [[ $line != *" bytes from "* ]] || return 0
    now=${EPOCHREALTIME/./}
    if [ $((now - until)) -ge $((slack * 1000)) ]; then return 0; fi
    if [ "$now" -ge "$until" ]; then return 1; fi
  done
}

# watch_node SUBNET GATEWAY
watch_node() {
  local answers=0 state=unknown asked asking
  exec {asked}< <(exec ping -n -i "$every" -s 0 "$2" 2>/dev/null)
  asking=$!
  # shellcheck disable=SC2064 # the number is known now
  trap "kill $asking 2>/dev/null || true" EXIT
  while :; do
    if heard "$asked"; then
      answers=$((answers + 1))
      if [ $state != answers ] && [ $answers -ge $enough ]; then
        state=answers
        # Refused by now, or by a watcher before this one.
        admit "$1" "$2"
        echo "<5>the node of $1 answers"
      fi
    else
      answers=0
      if [ $state = answers ]; then
        state=silent
        refuse "$1" "$2"
      fi
    fi
  done
}

# Process that watches a node, by "SUBNET GATEWAY".
declare -A watchers=()

# look RANGE: watches the nodes that are there, and no others.
look() {
  local node
  local -A there=()
  while read -r node; do
    there[$node]=yes
    if [ -z "${watchers[$node]:-}" ] || ! kill -0 "${watchers[$node]}" 2>/dev/null; then
      # shellcheck disable=SC2086 # two words
      watch_node $node &
      watchers[$node]=$!
    fi
  done < <(nodes "$1")
  for node in "${!watchers[@]}"; do
    if [ -z "${there[$node]:-}" ]; then
      kill "${watchers[$node]}" 2>/dev/null || true
      unset "watchers[$node]"
      # shellcheck disable=SC2086 # two words
      admit $node
    fi
  done
}

case $1 in
  watch)
    clear_away
    set_up
    # Every change of a route has it look; the time-out is for what came before, and for a ping that ended.
    ip -4 -oneline monitor route | while :; do
      look "$2"
      read -r -t "$look_again" _ || [ $? -gt 128 ] || exit 1
    done
    ;;
  clear)
    clear_away
    ;;
esac
