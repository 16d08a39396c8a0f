#!/usr/bin/env bash
# Takes this machine out of the Netmaker network and netclient off it; at a shutdown it does nothing.
set -euo pipefail
if [ "$(systemctl is-system-running || true)" = stopping ]; then
  exit 0
fi
unit=fogline-netmaker-hub.service
systemctl disable --quiet "$unit"
# The server may be gone: what counts is that this machine has left.
netclient uninstall || ip link delete netmaker 2>/dev/null || true
rm -f "/etc/systemd/system/$unit" /usr/local/sbin/fogline-netmaker-yield
