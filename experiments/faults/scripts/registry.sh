#!/usr/bin/env bash
# Refuses this machine's connections to the registries that K3s has been told of, as a computer does on which no
# registry listens; or admits them again. The kernel itself admits them when the time is over.
# ACTION: refuse | admit
# REGISTRIES: K3s' file of registries
# LIMIT: for refuse; seconds until they are admitted again, whoever is gone by then
set -euo pipefail
table=fogline_fault_registry

# Prints "HOST PORT" of each endpoint.
endpoints() {
  [ -r "$REGISTRIES" ] || return 0
  { grep --only-matching --extended-regexp "https?://[^]\"' ,/]+" "$REGISTRIES" || true; } | sort --unique |
    while IFS= read -r url; do
      address=${url#*://}
      port=80
      case $url in https://*) port=443 ;; esac
      case $address in *:*) port=${address##*:} ;; esac
      echo "${address%:*} $port"
    done
}

if [ "$ACTION" = admit ]; then
  if nft list table ip "$table" >/dev/null 2>&1; then nft delete table ip "$table"; fi
  exit 0
fi
command -v nft >/dev/null || {
  echo "this machine has no nft. fix: apt-get install nftables" >&2
  exit 1
}
found=$(endpoints)
[ -n "$found" ] || {
  echo "$REGISTRIES names no mirror, so it is not known which addresses to refuse. fix: set fogline:k3s.mirrors" >&2
  exit 1
}
refused=$(while read -r host port; do
  getent ahostsv4 "$host" | awk -v port="$port" -v limit="$LIMIT" '$2 == "STREAM" {
    print $1 " . " port " timeout " limit "s," }'
done <<<"$found" | sort --unique)
[ -n "$refused" ] || {
  echo "no endpoint of $REGISTRIES has an address" >&2
  exit 1
}
nft --file - <<RULES
table ip $table
delete table ip $table
table ip $table {
  set refused {
    type ipv4_addr . inet_service
    flags timeout
    elements = { $refused }
  }
  chain output {
    # Before kube-proxy turns a Service's address into a pod's.
    type filter hook output priority raw; policy accept;
    ip daddr . tcp dport @refused counter reject with tcp reset
  }
}
RULES
