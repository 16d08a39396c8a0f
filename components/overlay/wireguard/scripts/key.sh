#!/usr/bin/env bash
# Makes the machine's WireGuard key, once, and prints the public half. The private half stays in a
# 0600 file of this machine.
# Values: NODE
set -euo pipefail
folder=/etc/wireguard
key=$folder/fogline0.key

case $1 in
  create | update)
    if ! command -v wg-quick >/dev/null; then
      echo "$NODE: installing wireguard-tools" >&2
      apt-get -o DPkg::Lock::Timeout=120 update -qq >&2
      DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y -qq \
        --no-install-recommends wireguard-tools >&2
    fi
    umask 077
    mkdir -p "$folder"
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
