#!/usr/bin/env bash
# Takes a device that joined with a bundle out of the overlay and removes what joining made. The
# device keeps this script, and runs it when told to: the way to tell it leads over the overlay.
set -uo pipefail
home=/var/lib/fogline
admin=$(cat "$home/guest/admin")

# Every step is tried: half a departure is worse than one that says what it could not do.
systemctl disable --quiet --now wg-quick@fogline0.service
rm -f /etc/wireguard/fogline0.conf /etc/wireguard/fogline0.key /etc/sudoers.d/fogline
if [ -e "$home/guest/made-user" ]; then
  # A session manager ends its sessions in order; there may be none.
  loginctl terminate-user "$admin" 2>/dev/null
  for _ in {1..50}; do
    pgrep -u "$admin" >/dev/null || break
    sleep 0.1
  done
  pkill -KILL -u "$admin"
  userdel --remove "$admin" 2>/dev/null
else
  keys=$(getent passwd "$admin" | cut -d: -f6)/.ssh/authorized_keys
  if [ -e "$keys" ]; then
    grep -vxF -f "$home/guest/authorized-key" "$keys" >"$home/guest/keys"
    cat "$home/guest/keys" >"$keys"
    [ -s "$keys" ] || rm "$keys"
    rmdir --ignore-fail-on-non-empty "${keys%/*}"
  fi
fi
if [ -e "$home/guest/started-ssh" ]; then
  systemctl disable --quiet --now ssh.service
fi
if [ -e "$home/guest/packages" ]; then
  xargs env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 purge -y -qq \
    <"$home/guest/packages" >&2
fi
rm -rf "$home/guest" "$home/joined" "$home/leave"
[ ! -d "$home" ] || rmdir --ignore-fail-on-non-empty "$home"
