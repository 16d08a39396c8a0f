#!/usr/bin/env bash
# Lists what a lab can leave on a computer: namespaces, interfaces, mounts, firewall, control groups,
# folders and processes. Equal before `make up` and after `make down`.
set -euo pipefail

section() { sed "s/^/$1: /"; }

ip netns list | cut -d' ' -f1 | sort | section namespace
ip -brief link show | cut -d' ' -f1 | sort | section interface
cut -d' ' -f2 /proc/self/mounts | sort | section mount
nft list ruleset | section firewall
find /sys/fs/cgroup -maxdepth 3 -name '*fogline*' | sort | section cgroup
find /run/fogline /var/lib/fogline .fogline/lab -maxdepth 1 2>/dev/null | sort | section folder || true
# Programs that only a lab starts, by their command line.
# A zombie holds nothing any more; its parent, init, has only not looked yet.
pgrep --runstates D,R,S,T -a -f '(systemd-nspawn|wireguard-go|docker-registry|lab/(cli|engine|forwarder|services))' \
  | cut -d' ' -f2- | sort | section process || true
