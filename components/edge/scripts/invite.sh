# shellcheck shell=bash
# Lets one device join through the hub with a bundle, or no longer. Runs on the hub.
# Values: those of files.sh, ISSUE, ARCH, ADDRESS (the device's; empty where a server lets it in), GUEST
#         (its address while it joins), KEY (public half of the bundle's key), VALID_HOURS, HUB, PORT,
#         INTERFACE (the hub's), UNIT (that brings it up), PROGRAM (enrol.sh)
# Parts before it: files.sh, departure.sh
# Prints when the bundle expires, in seconds since 1970.
# shellcheck disable=SC2153 # the values stand before the script when it runs
state=/var/lib/fogline/enrolment
bundle=$state/$NODE
program=/usr/local/libexec/fogline-enrol
units=/etc/systemd/system
hook=$units/$UNIT.d/enrolment.conf

install_program() {
  command -v nft >/dev/null || {
    say "installing nftables on the hub"
    apt-get -o DPkg::Lock::Timeout=120 update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y -qq \
      --no-install-recommends nftables >&2
  }
  put "$program" 0755 "$PROGRAM"
  put "$state/door" 0600 "INTERFACE=$INTERFACE
HUB=$HUB
PORT=$PORT"
  # The guard stands before the first guest can come, after a restart of the hub as well.
  find "$units" -path '*.service.d/enrolment.conf' ! -path "$hook" -delete
  put "$hook" 0644 "[Service]
ExecStartPost=$program open
ExecStartPost=systemctl --no-block start fogline-enrolment.socket fogline-enrolment-sweep.timer"
  put "$units/fogline-enrolment.socket" 0644 "[Unit]
Description=Devices that join with a bundle

[Socket]
ListenStream=$HUB:$PORT
FreeBind=yes
Accept=yes
MaxConnections=16"
  put "$units/fogline-enrolment@.service" 0644 "[Unit]
Description=A device that joins with a bundle
CollectMode=inactive-or-failed

[Service]
ExecStart=$program serve
StandardInput=socket
StandardError=journal
RuntimeMaxSec=60"
  put "$units/fogline-enrolment-sweep.service" 0644 "[Unit]
Description=Shut out expired join bundles

[Service]
Type=oneshot
ExecStart=$program sweep"
  put "$units/fogline-enrolment-sweep.timer" 0644 "[Unit]
Description=Shut out expired join bundles

[Timer]
OnActiveSec=1min
OnUnitActiveSec=5min"
  systemctl daemon-reload
}

invite() {
  local barred
  umask 077
  mkdir -p "$bundle"
  if [ "$ISSUE" != "$(cat "$bundle/issue" 2>/dev/null || true)" ]; then
    shut_out
    barred=$(sed -n 's|^Address *= *\([0-9.]*\).*|\1|p' "$bundle/conf" 2>/dev/null || true)
    rm -f "$bundle"/*
    [ -z "$barred" ] || echo "$barred" >"$bundle/barred"
    echo $(($(date +%s) + VALID_HOURS * 3600)) >"$bundle/expires"
    echo "$ISSUE" >"$bundle/issue"
  elif [ -n "$ADDRESS" ] && [ -e "$bundle/device" ] && [ "$ADDRESS" != "$(cat "$bundle/address")" ]; then
    say "it has joined as $(cat "$bundle/address") and cannot become $ADDRESS from afar:" \
      "keep fogline:overlay.addresses, or raise its bundle.issue and join anew"
    exit 1
  fi
  echo "$ARCH" >"$bundle/arch"
  echo "$GUEST" >"$bundle/guest"
  if [ -n "$ADDRESS" ]; then
    echo "$KEY" >"$bundle/key"
    echo "$ADDRESS" >"$bundle/address"
  else
    rm -f "$bundle/address" "$bundle/key"
  fi
  "$program" open
  systemctl start fogline-enrolment.socket fogline-enrolment-sweep.timer
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

remove() {
  if [ -n "$ADDRESS" ] && [ -e "$bundle/device" ]; then
    await_departure
  fi
  shut_out
  # What a removal that was cut off has done already is passed over.
  if [ -n "$(find "$state" -mindepth 1 -maxdepth 1 -type d ! -path "$bundle" 2>/dev/null)" ]; then
    rm -rf "$bundle"
    # Another member may have the guest's address one day.
    "$program" open
    return
  fi
  if [ -e "$units/fogline-enrolment.socket" ]; then
    systemctl stop fogline-enrolment.socket fogline-enrolment-sweep.timer
  fi
  if nft list table ip fogline_enrolment >/dev/null 2>&1; then
    nft delete table ip fogline_enrolment
  fi
  rm -rf "$hook" "$program" "$units"/fogline-enrolment*
  [ ! -d "${hook%/*}" ] || rmdir --ignore-fail-on-non-empty "${hook%/*}"
  systemctl daemon-reload
  rm -rf "$bundle" "$state/door"
  if [ -d "$state" ]; then
    rmdir --ignore-fail-on-non-empty "$state" "${state%/*}"
  fi
}

case $1 in
  create | update)
    install_program
    invite
    cat "$bundle/expires"
    ;;
  delete) remove ;;
esac
