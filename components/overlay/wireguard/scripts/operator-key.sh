#!/usr/bin/env bash
# Makes the WireGuard key of the operator's computer, once, and prints the public half.
# Values: FOLDER
set -euo pipefail
key=$FOLDER/fogline0.key

case $1 in
  create | update)
    if ! command -v wg >/dev/null || ! command -v wg-quick >/dev/null; then
      echo "this computer lacks wireguard-tools; install them (Debian: apt install wireguard-tools)" >&2
      exit 1
    fi
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
