# shellcheck shell=bash
# Refuses to change the kind or the place of a hub on which devices depend that nobody reaches; part of
# the scripts that make a machine the hub.
# Values: those of files.sh
set -euo pipefail

# refuse_to_strand KIND: the kind that would be left. Devices that joined it by a bundle know this hub by
# a key that ends with it, and there is no other way to tell them the next one.
refuse_to_strand() {
  local bundle kind lost=()
  for bundle in /var/lib/fogline/enrolment/*; do
    [ -e "$bundle/device" ] || continue
    # The hub of plain WireGuard gives them their addresses itself.
    if [ -e "$bundle/address" ]; then kind=wireguard; else kind=netmaker; fi
    [ "$kind" != "$1" ] || lost+=("${bundle##*/}")
  done
  if [ ${#lost[@]} -gt 0 ]; then
    say "${lost[*]} joined by a bundle, and would be cut off for good by another fogline:overlay.kind than $1." \
      "Set it back, take ${lost[*]} out of fogline:edge and run up; then change the kind, and invite them anew"
    exit 1
  fi
}

# refuse_to_move BEFORE AFTER: where the hub is met, e.g. "port 51820"; BEFORE is empty where it is met
# nowhere yet. Devices that joined by a bundle dial the place that they were told then.
refuse_to_move() {
  local bundle lost=()
  [ -n "$1" ] && [ "$1" != "$2" ] || return 0
  for bundle in /var/lib/fogline/enrolment/*; do
    [ ! -e "$bundle/device" ] || lost+=("${bundle##*/}")
  done
  if [ ${#lost[@]} -gt 0 ]; then
    say "${lost[*]} joined by a bundle and would be cut off for good: the hub would move from $1 to $2." \
      "Set fogline:overlay.listenPort and fogline:overlay.range back, take ${lost[*]} out of fogline:edge and run" \
      "up; then change them, and invite ${lost[*]} anew"
    exit 1
  fi
}
