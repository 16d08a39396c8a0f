#!/usr/bin/env bash
# Runs as the user who logs in, before anything is made: whether that user may work here as root, and
# what else keeps the device from joining.
# Values: NODE, LOGIN (the user), CHECKS (the script that looks the device over)
set -euo pipefail
export LC_ALL=C

say() { echo "$NODE: $*" >&2; }

# How to let the user work as root, in the words of a person at the device.
cure() {
  echo "on the device, run: sudo visudo -f /etc/sudoers.d/$LOGIN-nopasswd" \
    "and write the line: $LOGIN ALL=(ALL) NOPASSWD: ALL" \
    "(before the first boot: sudo: ALL=(ALL) NOPASSWD:ALL under the user in cloud-init's user-data)"
}

# Why sudo does not run a command for this user, by what sudo and sudo-rs say.
explain() {
  case $1 in
    *'must have a tty'*)
      say "sudo wants a terminal (requiretty), and the program has none: on the device, add with sudo visudo the line: Defaults:$LOGIN !requiretty" ;;
    *'account'*'expired'* | *'password is expired'* | *'account validation failure'*)
      say "the account or password of $LOGIN has expired: log in there once and set a new one (passwd)" ;;
    *'not in the sudoers file'* | *'not allowed to'* | *'may not run sudo'* | *"can't do that"*)
      say "$LOGIN may not use sudo: as an administrator, $(cure)" ;;
    *'password is required'* | *'authentication is required'* | *'authentication required'* | *'terminal is required'*)
      say "sudo asks $LOGIN for a password, as on Raspberry Pi OS since April 2026, and the program has none: $(cure)" ;;
    *) say "sudo does not run commands for $LOGIN (it says: ${1//$'\n'/ }): $(cure)" ;;
  esac
}

if ! command -v sudo >/dev/null; then
  say "it has no sudo, by which the program works there: as root, run: apt install sudo; then $(cure)"
elif ! said=$(sudo -n bash -c : 2>&1 </dev/null); then
  explain "$said"
else
  exec sudo -n bash -s -- create <<<"$CHECKS"
fi
# What a user sees without sudo is told as well.
PATH=$PATH:/usr/sbin:/sbin bash -s -- create <<<"$CHECKS" || true
exit 1
