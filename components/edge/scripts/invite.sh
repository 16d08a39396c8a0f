# shellcheck shell=bash
# Lets one device join through the hub with a bundle, or no longer. Runs on the hub.
# Values: those of files.sh, ISSUE, ARCH, ADDRESS (the device's), GUEST (its address while it joins), KEY
#         (public half of the bundle's key), VALID_HOURS, RANGE (that guests come from), HUB, PORT,
#         PROGRAM (enrol.sh)
# Prints when the bundle expires, in seconds since 1970.
# shellcheck disable=SC2153 # the values stand before the script when it runs
state=/var/lib/fogline/enrolment
bundle=$state/$NODE
program=/usr/local/libexec/fogline-enrol
units=/etc/systemd/system
hook=$units/wg-quick@fogline0.service.d/enrolment.conf

install_program() {
  command -v nft >/dev/null || {
    say "installing nftables on the hub"
    apt-get -o DPkg::Lock::Timeout=120 update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y -qq \
      --no-install-recommends nftables >&2
  }
  put "$program" 0755 "$PROGRAM"
  # The guard stands before the first guest can come, after a restart of the hub as well.
  put "$hook" 0644 "[Service]
ExecStartPost=$program open $RANGE $HUB $PORT
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
  umask 077
  mkdir -p "$bundle"
  if [ "$ISSUE" != "$(cat "$bundle/issue" 2>/dev/null || true)" ]; then
    shut_out
    rm -f "$bundle"/*
    echo $(($(date +%s) + VALID_HOURS * 3600)) >"$bundle/expires"
    echo "$ISSUE" >"$bundle/issue"
  elif [ -e "$bundle/device" ] && [ "$ADDRESS" != "$(cat "$bundle/address")" ]; then
    say "it has joined as $(cat "$bundle/address") and cannot become $ADDRESS from afar:" \
      "keep fogline:overlay.addresses, or raise its bundle.issue and join anew"
    exit 1
  fi
  echo "$ARCH" >"$bundle/arch"
  echo "$ADDRESS" >"$bundle/address"
  echo "$GUEST" >"$bundle/guest"
  echo "$KEY" >"$bundle/key"
  "$program" open "$RANGE" "$HUB" "$PORT"
  systemctl start fogline-enrolment.socket fogline-enrolment-sweep.timer
}

# Takes the bundle's peer and the device that joined with it out of the overlay.
shut_out() {
  local key
  for key in "$(cat "$bundle/key" 2>/dev/null || true)" \
    "$(sed -n 's/^key //p' "$bundle/device" 2>/dev/null || true)"; do
    [ -z "$key" ] || wg set fogline0 peer "$key" remove
  done
}

# The device leaves on its own once it was told, and its last words pass through the hub.
await_departure() {
  local deadline=$((SECONDS + 30))
  [ -e "$bundle/device" ] || return 0
  while ping -q -c 1 -W 1 "$ADDRESS" >/dev/null; do
    if [ $SECONDS -ge $deadline ]; then
      say "still answers 30 s after it was told to leave; the hub shuts it out"
      return
    fi
    sleep 0.2
  done
}

remove() {
  await_departure
  shut_out
  rm -rf "$bundle"
  if [ -z "$(ls -A "$state")" ]; then
    systemctl stop fogline-enrolment.socket fogline-enrolment-sweep.timer
    rm -rf "$hook" "$program" "$units"/fogline-enrolment*
    rmdir --ignore-fail-on-non-empty "${hook%/*}" "$state" "${state%/*}"
    systemctl daemon-reload
    nft delete table ip fogline_enrolment
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
