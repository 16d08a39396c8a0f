#!/usr/bin/env bash
# Waits on the hub until a device that was told to leave is gone; part of the scripts that forget it.
# Values: those of files.sh, ADDRESS (the device's)
set -euo pipefail

# The device leaves on its own once it was told, and what it sends meanwhile passes through the hub.
await_departure() {
  local deadline=$((SECONDS + 30))
  while ping -q -c 1 -W 1 "$ADDRESS" >/dev/null; do
    if [ $SECONDS -ge $deadline ]; then
      say "still answers 30 s after it was told to leave; the hub shuts it out"
      return
    fi
    sleep 0.2
  done
}
