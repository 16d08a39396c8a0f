#!/usr/bin/env bash
# What the hub runs while join bundles are out; invite.sh installs it.
#
#   open   guard the addresses of guests, then let their peers in
#   peers  print the peers that joined or may join, as WireGuard configuration
#   serve  answer one device on stdin and stdout; its address is $REMOTE_ADDR
#   sweep  shut out guests whose bundle has expired
#
# door: INTERFACE, HUB and PORT, as shell variables. One folder per bundle: issue, expires (seconds
# since 1970), arch, guest (its address while it joins), device (who joined), refused (the last
# refusal). Where this hub keeps the peers itself also address (the device's own) and key (of the
# bundle's peer); where a server does, conf, once the server knows the device, and barred (address of the
# device that an earlier bundle let in, until the server has forgotten that one). A guest's address
# proves its key: WireGuard lets no other peer use it.
set -euo pipefail
state=${STATE:-/var/lib/fogline/enrolment}
# shellcheck source=/dev/null # written beside the bundles
. "$state/door"

bundles() { find "$state" -mindepth 1 -maxdepth 1 -type d | sort; }

expired() { [ "$(date +%s)" -ge "$(cat "$1/expires")" ]; }

# field FILE NAME: a field of what a device said.
field() { sed -n "s/^$2 //p" "$1"; }

when() { date -u -d "@$1" '+%F %R UTC'; }

# Whether this hub knows the device's peer; where a server keeps the peers, that one does.
own() { [ -e "$1/address" ]; }

open() {
  guard
  if [ -n "$(peers)" ]; then
    wg addconf "$INTERFACE" <(peers)
  fi
}

# Guests talk to the enrolment and nothing else, and nobody from elsewhere does.
guard() {
  nft -f - <<RULES
table ip fogline_enrolment
delete table ip fogline_enrolment
table ip fogline_enrolment {
  chain guests {
    type filter hook prerouting priority raw; policy accept;
$(doors)
    iifname != { "$INTERFACE", "lo" } ip daddr $HUB tcp dport $PORT drop
  }
}
RULES
}

doors() {
  local bundle from
  while IFS= read -r bundle; do
    # Another bundle may be in the making.
    [ -s "$bundle/guest" ] || continue
    from="iifname \"$INTERFACE\" ip saddr $(cat "$bundle/guest")"
    expired "$bundle" || echo "    $from ip daddr $HUB tcp dport $PORT accept"
    echo "    $from drop"
    [ ! -s "$bundle/barred" ] || echo "    iifname \"$INTERFACE\" ip saddr $(cat "$bundle/barred") drop"
  done < <(bundles)
}

peers() {
  local bundle
  while IFS= read -r bundle; do
    own "$bundle" || continue
    expired "$bundle" || peer "$(cat "$bundle/key")" "$(cat "$bundle/guest")"
    [ ! -e "$bundle/device" ] || peer "$(field "$bundle/device" key)" "$(cat "$bundle/address")"
  done < <(bundles)
}

peer() { printf '[Peer]\nPublicKey = %s\nAllowedIPs = %s/32\n' "$1" "$2"; }

sweep() {
  local bundle
  while IFS= read -r bundle; do
    if own "$bundle" && expired "$bundle"; then
      wg set "$INTERFACE" peer "$(cat "$bundle/key")" remove
    fi
  done < <(bundles)
  guard
}

bundle_of() {
  local bundle
  while IFS= read -r bundle; do
    if [ "$(cat "$bundle/guest" 2>/dev/null)" = "$1" ]; then
      echo "$bundle"
      return
    fi
  done < <(bundles)
}

# Closes the conversation; the operator's `up` shows refusals too.
refuse() {
  echo "refused $*" >&3
  echo "$REMOTE_ADDR: refused: $*" >&2
  [ -z "$bundle" ] || echo "$*" >"$bundle/refused"
  exit 0
}

# Reads what a device says of itself, in few and short lines.
hear() {
  local line count=0
  while IFS= read -r -t 10 -n 1000 line && [ "$line" != end ]; do
    count=$((count + 1))
    [ $count -le 8 ] || refuse "the request is too long"
    printf '%s\n' "$line"
  done
  [ "${line:-}" = end ] || refuse "the request ends early"
}

serve() {
  # What helpers print goes elsewhere; the device hears what is said here.
  exec 3>&1
  bundle=$(bundle_of "$REMOTE_ADDR")
  [ -n "$bundle" ] || refuse "no bundle is out for $REMOTE_ADDR"
  local name said=$bundle/said.$$ arch
  name=${bundle##*/}
  # shellcheck disable=SC2064 # the file of this conversation
  trap "rm -f '$said'" EXIT
  hear >"$said"
  # One device at a time, so that one bundle makes one device.
  exec 9>"$bundle/lock"
  flock --timeout 10 9
  if [ -e "$bundle/device" ]; then
    if [ "$(field "$bundle/device" key)" = "$(field "$said" key)" ]; then
      receive # once more: the first receipt was lost, or what it waits for was not there yet
      return
    fi
    refuse "the bundle for $name was used $(field "$bundle/device" joined), by the device with the host key $(fingerprint "$bundle/device"). It is good for one device, once. If that is not this device, tell the operator: somebody else has joined with it"
  fi
  ! expired "$bundle" \
    || refuse "the bundle for $name expired $(when "$(cat "$bundle/expires")"): ask the operator for a new one"
  check "$said"
  arch=$(cat "$bundle/arch")
  [ "$(field "$said" arch)" = "$arch" ] \
    || refuse "this device is $(field "$said" arch), but the settings call $name $arch: the operator has to set its arch"
  {
    cat "$said"
    echo "joined $(when "$(date +%s)")"
  } >"$bundle/device.part"
  if own "$bundle"; then
    wg set "$INTERFACE" peer "$(field "$said" key)" allowed-ips "$(cat "$bundle/address")/32"
  fi
  rm -f "$bundle/refused"
  mv "$bundle/device.part" "$bundle/device"
  receive
}

# A device that this hub lets in knows its configuration. Another one's comes from the server, by way of
# the operator's `up`.
receive() {
  if own "$bundle"; then
    echo joined >&3
  elif [ -s "$bundle/conf" ]; then
    { echo joined && cat "$bundle/conf"; } >&3
  else
    echo wait >&3
  fi
}

# What a device says goes into WireGuard's configuration and into the operator's hands.
check() {
  local pattern
  for pattern in 'key [A-Za-z0-9+/]{43}=' 'host-key ssh-ed25519 [A-Za-z0-9+/]{68}' \
    'arch (amd64|arm64)' 'os [A-Za-z0-9 ./()+-]{1,80}'; do
    [ "$(grep -cEx "$pattern" "$1")" = 1 ] || refuse "the request lacks its ${pattern%% *}"
  done
  [ "$(wc -l <"$1")" = 4 ] || refuse "the request says more than it should"
}

fingerprint() { ssh-keygen -lf <(field "$1" host-key) | cut -d' ' -f2; }

bundle=
case $1 in
  open) open ;;
  peers) peers ;;
  serve) serve ;;
  sweep) sweep ;;
esac
