#!/usr/bin/env bash
# Invites one device to join with a bundle, or no longer. Runs on the hub, where it installs the enrolment
# service with the first invitation and removes it with the last.
# Values: those of files.sh, ISSUE, ARCH, ADDRESS (the device's; empty where a server keeps the peers),
#         JOIN_ADDRESS (from which it asks), KEY (public half of the bundle's key), VALID_HOURS, INTERFACE
#         (the hub's), UNIT (that brings it up), PROGRAM (enrol.sh with its values), READER
#         (enrolment-request.sh), and the units' files SOCKET, SERVICE, SWEEP, TIMER and HOOK
# Parts before it: files.sh, departure.sh
# Prints when the bundle expires, in seconds since 1970.
# shellcheck disable=SC2153,SC2154 # the values and parts stand before the script when it runs
set -euo pipefail
state=/var/lib/fogline/enrolment
bundle=$state/$NODE
libexec=/usr/local/libexec
units=/etc/systemd/system
hook=$units/$UNIT.d/enrolment.conf
started=(fogline-enrolment.socket fogline-enrolment-sweep.timer)

install_service() {
  command -v nft >/dev/null || {
    say "installing nftables on the hub"
    apt-get -o DPkg::Lock::Timeout=120 update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y -qq \
      --no-install-recommends nftables >&2
  }
  put "$libexec/fogline-enrol" 0755 "$PROGRAM"
  put "$libexec/fogline-enrolment-request" 0755 "$READER"
  find "$units" -path '*.service.d/enrolment.conf' ! -path "$hook" -delete
  put "$hook" 0644 "$HOOK"
  put "$units/fogline-enrolment.socket" 0644 "$SOCKET"
  put "$units/fogline-enrolment@.service" 0644 "$SERVICE"
  put "$units/fogline-enrolment-sweep.service" 0644 "$SWEEP"
  put "$units/fogline-enrolment-sweep.timer" 0644 "$TIMER"
  systemctl daemon-reload
  adopt_earlier
}

# What earlier versions kept under other names; their bundles stay good.
adopt_earlier() {
  local file
  for file in "$state"/*/guest; do
    [ ! -e "$file" ] || mv "$file" "${file%/*}/join-address"
  done
  rm -f "$state/door" "$state"/*/lock
}

# start_service CHANGED: a socket that listens already takes over what has changed.
start_service() {
  "$libexec/fogline-enrol" open
  if [ "$1" = yes ]; then
    systemctl restart "${started[@]}"
  else
    systemctl start "${started[@]}"
  fi
}

# Not while a request is decided on.
locked() {
  umask 077
  mkdir -p "$bundle"
  (
    flock 9
    "$@"
  ) 9>"$state/lock"
}

invite() {
  if [ "$ISSUE" != "$(cat "$bundle/issue" 2>/dev/null || true)" ]; then
    issue
  elif [ -n "$ADDRESS" ] && [ -e "$bundle/device" ] && [ "$ADDRESS" != "$(cat "$bundle/address")" ]; then
    say "it has joined as $(cat "$bundle/address") and cannot become $ADDRESS from afar:" \
      "keep fogline:overlay.addresses, or raise its bundle.issue and join anew"
    exit 1
  fi
  echo "$ARCH" >"$bundle/arch"
  echo "$JOIN_ADDRESS" >"$bundle/join-address"
  if [ -n "$ADDRESS" ]; then
    echo "$KEY" >"$bundle/key"
    echo "$ADDRESS" >"$bundle/address"
  else
    rm -f "$bundle/address" "$bundle/key"
  fi
}

# Makes it another bundle: that of an earlier issue ends, and so does the device that joined with it.
issue() {
  local barred
  shut_out
  barred=$(sed -n 's|^Address *= *\([0-9.]*\).*|\1|p' "$bundle/conf" 2>/dev/null || true)
  rm -f "$bundle"/*
  [ -z "$barred" ] || echo "$barred" >"$bundle/barred"
  echo $(($(date +%s) + VALID_HOURS * 3600)) >"$bundle/expires"
  echo "$ISSUE" >"$bundle/issue"
}

# Takes the bundle's peer and the device that joined with it out of the overlay; where a server keeps the
# peers, that is done there, and the device is barred until then.
shut_out() {
  local key
  [ -e "$bundle/address" ] || return 0
  for key in "$(cat "$bundle/key" 2>/dev/null || true)" \
    "$(sed -n 's/^key //p' "$bundle/device" 2>/dev/null || true)"; do
    [ -z "$key" ] || wg set "$INTERFACE" peer "$key" remove
  done
}

withdraw() {
  shut_out
  rm -rf "$bundle"
}

# What a removal that was cut off has done already is passed over.
remove_service() {
  if [ -e "$units/fogline-enrolment.socket" ]; then
    systemctl stop "${started[@]}"
    # What they started before that would write the packet filter anew.
    systemctl stop fogline-enrolment-sweep.service 'fogline-enrolment@*.service'
  fi
  if nft list table ip fogline_enrolment >/dev/null 2>&1; then
    nft delete table ip fogline_enrolment
  fi
  rm -f "$hook" "$libexec/fogline-enrol" "$libexec/fogline-enrolment-request" "$units"/fogline-enrolment*
  [ ! -d "${hook%/*}" ] || rmdir --ignore-fail-on-non-empty "${hook%/*}"
  systemctl daemon-reload
  rm -f "$state/lock"
  [ ! -d /run/fogline-enrolment ] || rmdir --ignore-fail-on-non-empty /run/fogline-enrolment
  rmdir --ignore-fail-on-non-empty "$state" "${state%/*}"
}

case $1 in
  create | update)
    install_service
    locked invite
    start_service "$changed"
    cat "$bundle/expires"
    ;;
  delete)
    if [ -n "$ADDRESS" ] && [ -e "$bundle/device" ]; then
      await_departure
    fi
    locked withdraw
    if [ -n "$(find "$state" -mindepth 1 -maxdepth 1 -type d)" ]; then
      # Another member may have the join address one day.
      "$libexec/fogline-enrol" open
    else
      remove_service
    fi
    ;;
esac
