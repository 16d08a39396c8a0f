#!/usr/bin/env bash
# Makes a member's WireGuard key, once, and prints the public half. The private half stays in a 0600
# file of this computer.
# A machine's first step, so it also provides the programs that every later one calls.
# Parts before it: tools.sh
# Values: NODE, FOLDER (where the key stays)
set -euo pipefail
key=$FOLDER/fogline0.key

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

case $1 in
  create | update)
    provide_tools
    umask 077
    mkdir -p "$FOLDER"
    if [ ! -s "$key" ]; then
      wg genkey >"$key.part"
      mv "$key.part" "$key"
    fi
    wg pubkey <"$key"
    ;;
  delete)
    rm -f "$key"
    ;;
esac
