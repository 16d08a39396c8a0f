#!/usr/bin/env bash
# Joins the operator's computer to the overlay, so that it reaches the cluster's API there.
# Values: FOLDER, CONF (with @PRIVATE_KEY@), HUB
# shellcheck disable=SC2153 # the values stand before the script when it runs
set -euo pipefail
conf=$FOLDER/fogline0.conf
deadline=$((SECONDS + 60))

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

down() {
  if ip link show fogline0 >/dev/null 2>&1; then
    as_root wg-quick down "$conf" >&2
  fi
}

# An operator's script of an up that was killed may still be at work; nothing that stays may hold the
# lock.
umask 077
mkdir -p "$FOLDER"
exec 9<"$FOLDER"
flock --timeout 120 9

case $1 in
  create | update)
    down
    IFS= read -r key <"$FOLDER/fogline0.key"
    printf '%s' "${CONF//@PRIVATE_KEY@/$key}" >"$conf"
    # A session of its own: without the kernel's WireGuard, wg-quick leaves a process behind that
    # must outlive the terminal and the engine.
    as_root setsid --wait wg-quick up "$conf" >&2 9<&-
    until ping -q -c 1 -W 1 "$HUB" >/dev/null; do
      if [ $SECONDS -ge $deadline ]; then
        echo "this computer got no answer from the hub $HUB within 60 s" >&2
        as_root wg show fogline0 latest-handshakes >&2 || true
        exit 1
      fi
    done
    ;;
  delete)
    down
    rm -f "$conf"
    ;;
esac
