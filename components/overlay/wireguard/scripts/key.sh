#!/usr/bin/env bash
# Makes a member's WireGuard key, once, and prints the public half. The private half stays in a 0600
# file of this computer.
# Values: NODE, FOLDER (where the key stays)
set -euo pipefail
key=$FOLDER/fogline0.key

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

case $1 in
  create | update)
    command -v wg-quick >/dev/null || install_tools
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
