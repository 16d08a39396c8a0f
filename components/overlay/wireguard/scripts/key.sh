#!/usr/bin/env bash
# Makes a member's WireGuard key, once, and prints the public half. The private half stays in a 0600
# file of this computer.
# A machine's first step, so it also provides the programs that every later one calls.
# Parts before it: tools.sh, first-boot.sh
# Values: NODE, OPERATOR (whether this is the operator's computer: yes or no), KEY (the file where it
#         stays), EARLIER (where an earlier version kept it; may be empty)
set -euo pipefail

# What later steps call: on a machine everything a node needs, on the operator's computer the tunnel's part.
provide_tools() {
  local packages tools=("${MEMBER_TOOLS[@]}")
  [ "$OPERATOR" = no ] || tools=(wg-quick:wireguard-tools wg:wireguard-tools ping:iputils-ping ip:iproute2)
  packages=$(lacking "${tools[@]}")
  [ -n "$packages" ] || return 0
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    [ "$OPERATOR" = yes ] || await_first_boot
    # shellcheck disable=SC2086 # one word a package
    install_packages "" $packages
  else
    echo "$NODE lacks programs: install them (Debian: sudo apt install ${packages//$'\n'/ })" >&2
    exit 1
  fi
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
