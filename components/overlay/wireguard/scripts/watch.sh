#!/usr/bin/env bash
# Run twice a minute on a member that dials the hub: a tunnel without a handshake for three minutes
# (WireGuard makes one every two while packets flow, and keepalives flow) gets another port. A router
# remembers a flow by its ports and never looks at it anew while keepalives go on: one that saw a packet
# before its own rules stood, as after a power cut, would send them untranslated for ever.
set -euo pipefail
limit=${1:-180} # seconds
last=$(wg show fogline0 latest-handshakes | awk '$2 > last { last = $2 } END { print last + 0 }')
age=$(($(date +%s) - last))
if [ "$age" -gt "$limit" ]; then
  wg set fogline0 listen-port 0
  echo "<5>no handshake with the hub for $age s: now dialling from port $(wg show fogline0 listen-port)"
fi
