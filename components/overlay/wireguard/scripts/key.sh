#!/usr/bin/env bash
# Makes a member's WireGuard key, once, and prints the public half. The private half stays in a 0600
# file of this computer.
# Values: NODE, KEY (the file where it stays), EARLIER (where an earlier version kept it; may be empty)
set -euo pipefail

install_tools() {
  if [ "$(id -u)" != 0 ]; then
    echo "$NODE lacks wireguard-tools; install them (Debian: apt install wireguard-tools)" >&2
    exit 1
  fi
  echo "$NODE: installing wireguard-tools" >&2
  apt-get -o DPkg::Lock::Timeout=120 update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y -qq \
    --no-install-recommends wireguard-tools >&2
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
    command -v wg-quick >/dev/null || install_tools
    umask 077
    mkdir -p "${KEY%/*}"
    [ -s "$KEY" ] || make_key
    wg pubkey <"$KEY"
    ;;
  delete)
    rm -f "$KEY"
    ;;
esac
