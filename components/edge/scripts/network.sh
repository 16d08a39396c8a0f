# shellcheck shell=bash
# Part of the scripts that look a device over: addresses and packet filters that keep nodes and pods
# from meeting. Follows supported.sh.
# Values: RANGES (the fog's ranges, a line each: the setting's name and the range)
set -euo pipefail

# Interfaces that Fogline or its cluster makes.
readonly OWN_INTERFACES='lo fogline0 netmaker cni0 flannel.1 kube-ipvs0'

# A member that has worked so far is told, and works on.
concern() {
  if own_k3s; then
    say "warning: $*"
  else
    problem "$@"
  fi
}

check_network() {
  check_ranges
  # Rules are shown to root alone.
  [ "$(id -u)" != 0 ] || check_firewall
}

check_ranges() {
  command -v ip >/dev/null || return 0
  local what range device setting theirs
  while IFS=, read -r what range device; do
    [[ " $OWN_INTERFACES " != *" $device "* ]] || continue
    while read -r setting theirs; do
      if [ -z "$setting" ] || ! overlap "$range" "$theirs"; then
        continue
      fi
      concern "$what $range of its $device lies in the range of $setting ($theirs): give $setting another range, or the network at home (its router's LAN, or the VPN) another"
    done <<<"${RANGES:-}"
  done < <(
    ip -4 -oneline address show | awk '{ print "the address," $4 "," $2 }'
    # Routes of addresses are told by those; a route to nearly everywhere is a default route.
    ip -4 route show | awk '$1 ~ /^[0-9.]+(\/[0-9]+)?$/ && !/proto kernel/ && $1 !~ /\/[01]$/ {
      for (i = 2; i < NF; i++) if ($i == "dev") print "the route to," $1 "," $(i + 1) }'
  )
}

# overlap RANGE RANGE: whether two ranges share an address; one without a prefix is one address.
overlap() {
  local bits=${1#*/} other=${2#*/}
  [[ $1 = */* ]] || bits=32
  [[ $2 = */* ]] || other=32
  [ "$bits" -le "$other" ] || bits=$other
  [ $(($(number "${1%/*}") >> (32 - bits))) = $(($(number "${2%/*}") >> (32 - bits))) ]
}

# number ADDRESS: an IPv4 address as a number.
number() {
  local a b c d
  IFS=. read -r a b c d <<<"$1"
  echo $(((a << 24) + (b << 16) + (c << 8) + d))
}

# The range of the pods, to be named to a packet filter.
pod_range() { awk '$1 ~ /podRange$/ { print $2 }' <<<"${RANGES:-}"; }

check_firewall() {
  if ufw_active; then
    check_ufw
  fi
  if command -v firewall-cmd >/dev/null && [ "$(firewall-cmd --state 2>/dev/null)" = running ]; then
    check_firewalld
  fi
  check_rules
}

ufw_active() { command -v ufw >/dev/null && [[ $(ufw status 2>/dev/null) = *'Status: active'* ]]; }

# What K3s forwards it lets through itself; what the node itself gets is ufw's to say.
check_ufw() {
  local added rule wanted=() commands=
  [[ $(ufw status verbose 2>/dev/null) != *'Default: allow (incoming)'* ]] || return 0
  added=$(ufw show added 2>/dev/null || true)
  for rule in "allow in on fogline0" "allow from $(pod_range)"; do
    grep -q -- "^ufw $rule\( to any\)\?\( comment .*\)\?$" <<<"$added" || wanted+=("$rule")
  done
  [ ${#wanted[@]} -gt 0 ] || return 0
  for rule in "${wanted[@]}"; do
    commands+="${commands:+; }sudo ufw $rule"
  done
  concern "ufw is active and keeps nodes and pods from this one (udp 8472 and tcp 10250, 80 and 443 over fogline0, and the pods' range $(pod_range)): let them in ($commands), or turn it off (sudo ufw disable)"
}

check_firewalld() {
  local interface trusted missing=
  trusted=" $(firewall-cmd --permanent --zone=trusted --list-interfaces 2>/dev/null || true) "
  for interface in fogline0 cni0 flannel.1; do
    [[ $trusted = *" $interface "* ]] || missing+=" --add-interface=$interface"
  done
  [ -z "$missing" ] || concern "firewalld is active and keeps nodes and pods from this one (udp 8472 and tcp 10250, 80 and 443 over fogline0, and the pods' range $(pod_range)): let them in (sudo firewall-cmd --permanent --zone=trusted$missing; sudo firewall-cmd --reload), or turn it off (sudo systemctl disable --now firewalld)"
}

# Chains that drop what nobody has let in, in the rules of whoever else writes some.
check_rules() {
  local hook chain
  while read -r hook chain; do
    [ -n "$hook" ] || continue
    concern "its packet filter drops what it does not know (${chain}, hook $hook), and nodes and pods among it: accept the interfaces fogline0, cni0 and flannel.1 there (udp 8472 and tcp 10250, 80 and 443 over fogline0, and the pods' range $(pod_range)), or take the rules away"
  done < <(
    ! command -v nft >/dev/null || nft list ruleset 2>/dev/null | closed_chains
    if [ -s "$ROOT/proc/net/ip_tables_names" ] && command -v iptables-legacy-save >/dev/null; then
      iptables-legacy-save 2>/dev/null | closed_legacy
    fi
  )
}

# Base chains that end in a drop, in tables where fogline0 (cni0, for what is forwarded) is not let
# through. What ufw and firewalld have is told by those; forwarded packets that iptables' own chain would
# drop, as where Docker runs, K3s accepts in that chain.
closed_chains() {
  local managed=no
  ! ufw_active || managed=yes
  awk -v pods="$(pod_range)" -v managed="$managed" '
    /^table / { family = $2; table = $3; nodes = inside = count = 0
      skip = family !~ /^(ip|inet)$/ || table ~ /^(firewalld|kube|cni|flannel|fogline|libvirt)/ }
    /^\tchain / { chain = $2; hook = ""; shut = final = 0 }
    / hook (input|forward|output) / { for (i = 1; i < NF; i++) if ($i == "hook") hook = $(i + 1)
      shut = /policy drop/ }
    hook != "" && /^\t\t(counter (packets [0-9]+ bytes [0-9]+ )?)?(drop|reject.*)( comment .*)?$/ { final = 1 }
    /accept/ && /fogline0/ { nodes = 1 }
    /accept/ && (/cni0/ || (pods != "" && index($0, pods))) { inside = 1 }
    /^\t}/ { if (hook != "" && (shut || final)) { count++; hooks[count] = hook; chains[count] = chain; only[count] = !final } hook = "" }
    /^}/ { for (i = 1; i <= count && !skip; i++) {
        compat = family == "ip" && table == "filter"
        if (compat && managed == "yes") continue
        if (compat && only[i] && hooks[i] == "forward") continue
        if (hooks[i] == "forward" ? !inside : !nodes)
          print hooks[i], "nftables: table " family " " table ", chain " chains[i] } }'
}

closed_legacy() {
  awk '/^\*/ { table = substr($1, 2) }
    table == "filter" && /^:INPUT DROP/ { shut = 1 }
    table == "filter" && /^-A .*-i fogline0 .*-j ACCEPT/ { nodes = 1 }
    END { if (shut && !nodes) print "input iptables-legacy: table filter, chain INPUT" }'
}
