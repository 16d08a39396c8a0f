# shellcheck shell=bash
# Joins the operator's computer to the overlay of one stack, so that it reaches the cluster's API there.
# Values: STACK, FOLDER, INTERFACE (its own in each stack), CONF (see conf.sh), HUB, EARLIER (folder
#         where an earlier version kept key and configuration of every stack, as fogline0)
# Parts before it: conf.sh
# shellcheck disable=SC2153 # the values stand before the script when it runs
set -euo pipefail
conf=$FOLDER/$INTERFACE.conf
earlier=$EARLIER/fogline0
patience=${PATIENCE:-60} # seconds
deadline=$((SECONDS + patience))

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# down FILE: takes the interface of this configuration away.
down() {
  local name=${1##*/}
  name=${name%.conf}
  if ip link show "$name" >/dev/null 2>&1; then
    if [ -e "$1" ]; then as_root wg-quick down "$1" >&2; else as_root ip link delete "$name"; fi
  fi
}

up() {
  # A session of its own: without the kernel's WireGuard, wg-quick leaves a process behind that
  # must outlive the terminal and the engine.
  as_root setsid --wait wg-quick up "$conf" >&2 9<&-
}

# field NAME: what CONF says of it, without the commas of a list.
field() { sed -n "s/^$1 *= *//p" <<<"$CONF" | tr -d ','; }

# The stack that used fogline0 last, whichever it was, gives it up for an interface of its own. The key was
# taken along before.
leave_earlier() {
  if grep -qsxF "PublicKey = $(field PublicKey)" "$earlier.conf"; then
    down "$earlier.conf"
    rm -f "$earlier.conf" "$earlier.key"
  fi
}

# Two tunnels with the same addresses: packets for one overlay would go into the other.
refuse_overlap() {
  local range other
  for range in $(field AllowedIPs); do
    for other in $(as_root wg show interfaces); do
      if [ "$other" != "$INTERFACE" ] && [ -n "$(ip -4 route show root "$range" dev "$other")" ]; then
        echo "the overlay of stack $STACK has the addresses $range, and so has the tunnel $other of this" \
          "computer. Give one of the two stacks another fogline:overlay.range, or leave the other overlay" \
          "while you work on this one: sudo wg-quick down <$other.conf, below $EARLIER>" >&2
        exit 1
      fi
    done
  done
}

# Another network of this computer may have the hub's address, too: only what comes out of the tunnel counts.
shook_hands() {
  as_root wg show "$INTERFACE" latest-handshakes | awk '$2 > 0 { found = 1 } END { exit !found }'
}

join() {
  local new before=
  leave_earlier
  refuse_overlap
  new=$(write_conf "$conf" "$FOLDER/$INTERFACE.key") || {
    echo "wg cannot load this computer's configuration: the one that is there stays" >&2
    exit 1
  }
  down "$conf"
  if [ -e "$conf" ]; then
    before=$(mktemp "$conf.XXXXXX")
    mv "$conf" "$before"
  fi
  mv "$new" "$conf"
  up || {
    [ -z "$before" ] || { mv "$before" "$conf" && up; } || true
    echo "this computer's tunnel does not come up; what was there before is back" >&2
    exit 1
  }
  rm -f "$before"
  until ping -q -c 1 -W 1 -I "$INTERFACE" "$HUB" >/dev/null && shook_hands; do
    if [ $SECONDS -ge $deadline ]; then
      echo "this computer got no answer from the hub $HUB within $patience s: is the hub's UDP port open?" >&2
      as_root wg show "$INTERFACE" latest-handshakes >&2 || true
      exit 1
    fi
  done
}

# An operator's script of an up that was killed may still be at work; nothing that stays may hold the
# lock.
umask 077
mkdir -p "$FOLDER"
exec 9<"$FOLDER"
flock --timeout 120 9

case $1 in
  create | update) join ;;
  delete)
    down "$conf"
    rm -f "$conf"
    ;;
esac
