#!/usr/bin/env bash
# The part of enrolment that needs root, a program of the hub that invite.sh installs. It reads nothing from
# the network.
#
#   open   write the packet filter, then add the peers
#   peers  print the peers that joined or may join, as WireGuard configuration
#   sweep  remove the peers of expired bundles
#   admit  decide on $RUNTIME_DIRECTORY/request, which came from $REMOTE_ADDR; prints the answer
#
# Values: INTERFACE and HUB (the hub's interface and address in the overlay), PORT
#
# Each bundle has a folder with the files issue, expires (seconds since 1970), arch, join-address (from which
# the device asks), device (the one that joined) and refused (the last refusal). Where this hub keeps the
# peers, also address (the device's) and key (of the bundle's peer); where a server does, conf, once the
# server knows the device, and barred (address of the device that an earlier bundle admitted, until the
# server has forgotten that one). A join address proves the bundle's key: WireGuard accepts it from no other
# peer.
# shellcheck disable=SC2153 # the values stand before the script when it runs
set -euo pipefail
state=/var/lib/fogline/enrolment
# The bundle that a request came by.
bundle=

# What enrolment-request.sh writes; it has met the network, so anything else is refused here as well.
readonly REQUEST='^key [A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=
host-key ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI[A-Za-z0-9+/]{43}
arch (amd64|arm64)$'
readonly REFUSAL='^refused the request (ends early|is too long|lacks its (key|host-key|arch|os))$'

bundles() { find "$state" -mindepth 1 -maxdepth 1 -type d | sort; }

expired() { [ "$(date +%s)" -ge "$(cat "$1/expires")" ]; }

# field NAME: a field of what a device said, on stdin.
field() { sed -n "s/^$1 //p"; }

when() { date -u -d "@$1" '+%F %R UTC'; }

# Whether this hub knows the device's peer; where a server keeps the peers, that one does.
keeps_peer() { [ -e "$1/address" ]; }

open() {
  filter
  if [ -n "$(peers)" ]; then
    wg addconf "$INTERFACE" <(peers)
  fi
}

# Join addresses reach the enrolment and nothing else, and nobody from elsewhere reaches it.
filter() {
  nft -f - <<RULES
table ip fogline_enrolment
delete table ip fogline_enrolment
table ip fogline_enrolment {
  chain joining {
    type filter hook prerouting priority raw; policy accept;
$(rules)
    iifname != { "$INTERFACE", "lo" } ip daddr $HUB tcp dport $PORT drop
  }
}
RULES
}

# A device asks once a second. Whoever connects more often would have systemd close the socket for all.
rules() {
  local bundle from enrolment
  while IFS= read -r bundle; do
    # Another bundle may be in the making.
    [ -s "$bundle/join-address" ] || continue
    from="iifname \"$INTERFACE\" ip saddr $(cat "$bundle/join-address")"
    enrolment="$from ip daddr $HUB tcp dport $PORT"
    if ! expired "$bundle"; then
      echo "    $enrolment tcp flags & (fin | syn | rst | ack) == syn limit rate over 5/second burst 10 packets drop"
      echo "    $enrolment accept"
    fi
    echo "    $from drop"
    [ ! -s "$bundle/barred" ] || echo "    iifname \"$INTERFACE\" ip saddr $(cat "$bundle/barred") drop"
  done < <(bundles)
}

peers() {
  local bundle
  while IFS= read -r bundle; do
    keeps_peer "$bundle" || continue
    expired "$bundle" || peer "$(cat "$bundle/key")" "$(cat "$bundle/join-address")"
    [ ! -e "$bundle/device" ] || peer "$(field key <"$bundle/device")" "$(cat "$bundle/address")"
  done < <(bundles)
}

peer() { printf '[Peer]\nPublicKey = %s\nAllowedIPs = %s/32\n' "$1" "$2"; }

sweep() {
  local bundle
  while IFS= read -r bundle; do
    if keeps_peer "$bundle" && expired "$bundle"; then
      wg set "$INTERFACE" peer "$(cat "$bundle/key")" remove
    fi
  done < <(bundles)
  filter
}

bundle_of() {
  local bundle
  while IFS= read -r bundle; do
    if [ "$(cat "$bundle/join-address" 2>/dev/null)" = "$1" ]; then
      echo "$bundle"
      return
    fi
  done < <(bundles)
}

# refuse REASON: ends the conversation; the operator's `up` shows the reason as well.
refuse() {
  echo "$REMOTE_ADDR: refused: $*" >&2
  [ -z "$bundle" ] || echo "$*" >"$bundle/refused"
  echo "refused $*"
  exit 0
}

admit() {
  local file=$RUNTIME_DIRECTORY/request request key name
  request=$(head -c 512 "$file" | tr '\0' '?')
  # One request at a time, so that one bundle admits one device; invite.sh has the lock while it issues one.
  exec 9>"$state/lock"
  flock --timeout 10 9
  bundle=$(bundle_of "$REMOTE_ADDR")
  [ -n "$bundle" ] || refuse "no bundle is out for $REMOTE_ADDR"
  # What the bundle of an earlier issue sent is not for this one; the device asks again.
  [ "$file" -nt "$bundle/issue" ]
  [[ ! $request =~ $REFUSAL ]] || refuse "${request#refused }"
  [[ $request =~ $REQUEST ]] || refuse "the request is malformed"
  key=$(field key <<<"$request")
  name=${bundle##*/}
  if [ -e "$bundle/device" ]; then
    # The same device asks again when the first answer was lost, or when what it waits for was not there yet.
    [ "$key" = "$(field key <"$bundle/device")" ] \
      || refuse "the bundle for $name was used $(field joined <"$bundle/device"), by the device with the host key $(fingerprint "$bundle/device"). It is good for one device, once. If that is not this device, tell the operator: somebody else has joined with it"
  else
    enter "$request" "$key" "$name"
  fi
  answer
}

# enter REQUEST KEY NAME: makes the device the one that joined with the bundle.
enter() {
  local arch
  ! expired "$bundle" \
    || refuse "the bundle for $3 expired $(when "$(cat "$bundle/expires")"): ask the operator for a new one"
  arch=$(field arch <<<"$1")
  [ "$arch" = "$(cat "$bundle/arch")" ] \
    || refuse "this device is $arch, but the settings call $3 $(cat "$bundle/arch"): the operator has to set its arch"
  if keeps_peer "$bundle"; then
    wg set "$INTERFACE" peer "$2" allowed-ips "$(cat "$bundle/address")/32"
  fi
  printf '%s\njoined %s\n' "$1" "$(when "$(date +%s)")" >"$bundle/device.part"
  rm -f "$bundle/refused"
  mv "$bundle/device.part" "$bundle/device"
}

# The configuration of a device whose peer this hub keeps is in the bundle. Another one's comes from the
# server, by way of the operator's `up`.
answer() {
  if keeps_peer "$bundle"; then
    echo joined
  elif [ -s "$bundle/conf" ]; then
    printf 'joined\n%s\n' "$(cat "$bundle/conf")"
  else
    echo wait
  fi
}

fingerprint() { ssh-keygen -lf <(field host-key <"$1") | cut -d' ' -f2; }

case $1 in
  open) open ;;
  peers) peers ;;
  sweep) sweep ;;
  admit) admit ;;
esac
