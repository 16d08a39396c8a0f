#!/usr/bin/env bash
# Takes a device that joined with a bundle out of the overlay and removes what joining made. The
# device keeps this script, and runs it when told to: the way to tell it leads over the overlay.
# Follows tools.sh.
set -euo pipefail
NODE=$HOSTNAME
home=/var/lib/fogline
admin=$(cat "$home/notes/admin" || true)
# Steps that failed. All are tried: half a departure is worse than one that says what it could not do.
failed=

# attempt COMMAND...
attempt() { "$@" || failed+=" $1"; }

leave_overlay() {
  # Without the configuration the unit is off already, and its package may be gone.
  if [ -e /etc/wireguard/fogline0.conf ]; then
    systemctl disable --quiet --now wg-quick@fogline0.service || return
  fi
  rm -f /etc/wireguard/fogline0.conf /etc/wireguard/fogline0.key
}

remove_admin() {
  rm -f /etc/sudoers.d/fogline || return
  if [ -e "$home/notes/made-user" ]; then
    remove_user
  else
    remove_authorized_key
  fi
}

remove_user() {
  getent passwd "$admin" >/dev/null || return 0
  # A session manager ends its sessions in order; there may be none.
  loginctl terminate-user "$admin" 2>/dev/null
  for _ in {1..50}; do
    pgrep -u "$admin" >/dev/null || break
    sleep 0.1
  done
  pkill -KILL -u "$admin"
  # It warns of a mail spool that nobody has.
  userdel --remove "$admin" 2>/dev/null
  ! getent passwd "$admin" >/dev/null
}

remove_authorized_key() {
  local keys
  keys=$(getent passwd "$admin" | cut -d: -f6)/.ssh/authorized_keys
  [ -e "$keys" ] || return 0
  # No line but this one makes grep fail, and an empty file.
  grep -vxF -f "$home/notes/authorized-key" "$keys" >"$home/notes/keys"
  [ $? -le 1 ] && cat "$home/notes/keys" >"$keys" || return
  [ -s "$keys" ] || rm "$keys" || return
  rmdir --ignore-fail-on-non-empty "${keys%/*}"
}

stop_ssh() { [ ! -e "$home/notes/started-ssh" ] || systemctl disable --quiet --now ssh.service; }

restore_clock() { [ ! -e "$home/notes/clock" ] || timedatectl set-ntp false; }

attempt leave_overlay
attempt remove_admin
attempt stop_ssh
attempt restore_clock
attempt remove_packages "$home/notes/packages"
# The notes go last: by them, this script can be run once more.
if [ -n "$failed" ]; then
  echo "$NODE: could not undo everything that joining did ($failed ): once the reason is gone, run" \
    "sudo bash $home/leave" >&2
  exit 1
fi
rm -rf "$home/notes" "$home/joined" "$home/leave"
[ ! -d "$home" ] || rmdir --ignore-fail-on-non-empty "$home"
