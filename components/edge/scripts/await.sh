#!/usr/bin/env bash
# Waits on the hub until a device has joined with its bundle.
# Values: NODE, ISSUE, WAIT_MINUTES, FILE (the bundle, on the operator's computer)
# Prints what the device said of itself: its keys and its processor.
set -euo pipefail
bundle=/var/lib/fogline/enrolment/$NODE
deadline=$((SECONDS + WAIT_MINUTES * 60))
told=-30

say() { echo "$NODE: $*" >&2; }

progress() {
  local refused
  refused=$(cat "$bundle/refused" 2>/dev/null || true)
  say "waiting for it to join, $(((deadline - SECONDS + 59) / 60)) min more: copy $FILE to it and run it there with sudo bash"
  [ -z "$refused" ] || say "a device was refused: $refused"
}

[ "$ISSUE" = "$(cat "$bundle/issue")" ] || {
  say "the hub has no bundle number $ISSUE for it: run up again"
  exit 1
}
expires=$(cat "$bundle/expires")
until [ -s "$bundle/device" ]; do
  if [ "$(date +%s)" -ge "$expires" ]; then
    say "its bundle expired $(date -u -d "@$expires" '+%F %R UTC') and nobody used it:" \
      "raise bundle.issue of $NODE in fogline:edge by one and run up again, which makes a new one"
    exit 1
  fi
  if [ $SECONDS -ge $deadline ]; then
    say "it did not join within $WAIT_MINUTES min. Its bundle $FILE is good until" \
      "$(date -u -d "@$expires" '+%F %R UTC'): run up again, before or after it joins, and up goes on here"
    exit 1
  fi
  if [ $((SECONDS - told)) -ge 30 ]; then
    told=$SECONDS
    progress
  fi
  sleep 1
done
say "has joined"
cat "$bundle/device"
