#!/usr/bin/env bash
# Runs once the device takes logins again. Follows supported.sh.
# Values: NODE, ARCH, ENDED (id of the boot that had to end; empty when none had to)
set -euo pipefail
now=$(cat "$ROOT/proc/sys/kernel/random/boot_id")
if [ -n "$ENDED" ] && [ "$now" = "$ENDED" ]; then
  refuse "it did not restart: restart it by hand, then run up again"
fi
memory_counted \
  || refuse "its kernel does not count memory by group after the restart either: see what its firmware appends in /proc/cmdline"
[ -z "$ENDED" ] || say "has restarted and counts memory by group"
