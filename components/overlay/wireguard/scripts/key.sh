#!/usr/bin/env bash
# Makes a member's WireGuard key, once, and prints the public half. The private half stays in a 0600
# file of this computer.
# A machine's first step, so it also provides the programs that every later one calls.
# Parts before it: tools.sh
# Values: NODE, KEY (the file where it stays), EARLIER (where an earlier version kept it; may be empty)
set -euo pipefail

# A machine gets what is missing; the operator's computer is told.
provide_tools() {
  local packages
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    packages=$(lacking "${MEMBER_TOOLS[@]}")
    # shellcheck disable=SC2086 # one word a package
    [ -z "$packages" ] || install_packages "" $packages
    return
  fi
  packages=$(lacking wg-quick:wireguard-tools ping:iputils-ping ip:iproute2 flock:util-linux)
  [ -z "$packages" ] || {
    echo "$NODE lacks programs: install them (Debian: sudo apt install ${packages//$'\n'/ })" >&2
    exit 1
  }
}

# Whoever comes first makes it; nobody takes the place of a key that others know by now.
make_key() {
  local part
  part=$(mktemp "$KEY.XXXXXX")
  if [ -s "$EARLIER" ]; then cat "$EARLIER"; else wg genkey; fi >"$part"
  [ -s "$KEY" ] || rm -f "$KEY"
  ln "$part" "$KEY" 2>/dev/null || [ -s "$KEY" ]
  rm "$part"
}

case $1 in
  create | update)
    provide_tools
    umask 077
    mkdir -p "${KEY%/*}"
    [ -s "$KEY" ] || make_key
    wg pubkey <"$KEY"
    ;;
  delete)
    rm -f "$KEY"
    ;;
esac
