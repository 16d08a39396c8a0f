# shellcheck shell=bash
# Part of the scripts that look a device over: what it must have, and what has to make room.
# Follows supported.sh, which knows ROOT.
# shellcheck disable=SC2153
set -euo pipefail

# Services that make swap by themselves; a unit of swap alone would come back by them.
# shellcheck disable=SC2034 # read by prepare.sh
readonly SWAP_SERVICES=(
  dphys-swapfile.service zramswap.service zram-config.service armbian-zram-config.service swapspace.service
)
# Modules that K3s and its network need, and nobody can load in their stead.
readonly MODULES=(vxlan br_netfilter overlay nf_conntrack xt_comment)
# Space that K3s and the images of this stack take, MiB, and the part of the disk below which the kubelet
# puts pods out (K3s' own limit), percent.
readonly ROOM=1500 LEAST_FREE=6

check_needs() {
  check_tools
  if ! contained; then
    check_modules
    check_clock_service
    check_swap
  fi
  check_room
}

# Whatever else is missing is installed.
check_tools() {
  if ! command -v apt-get >/dev/null || ! command -v systemctl >/dev/null; then
    problem "it has no apt-get or no systemd, by which it would be prepared: use Raspberry Pi OS, Debian or Ubuntu as they come"
  fi
}

# Packages that have to be installed; a container loads no modules.
lacking_here() {
  local tools=("${MEMBER_TOOLS[@]}")
  contained || tools+=(modprobe:kmod)
  lacking "${tools[@]}"
}

has_module() {
  [ -e "$ROOT/sys/module/$1" ] || modprobe --dry-run --quiet -- "$1" 2>/dev/null
}

check_modules() {
  command -v modprobe >/dev/null || return 0
  local name lacks='' kernel
  kernel=$(uname -r)
  for name in "${MODULES[@]}"; do
    has_module "$name" || lacks+=" $name"
  done
  has_module nf_tables || has_module ip_tables || lacks+=" nf_tables"
  has_module wireguard || command -v wireguard-go >/dev/null || lacks+=" wireguard"
  [ -n "$lacks" ] || return 0
  if [ ! -d "$ROOT/lib/modules/$kernel" ]; then
    problem "its kernel's modules ($kernel) are not there any more, as after an update without a restart: restart it"
  elif [ "$(release ID)" = ubuntu ]; then
    problem "its kernel ($kernel) lacks the modules$lacks: sudo apt install linux-modules-extra-$(if [[ $kernel = *raspi* ]]; then echo raspi; else echo "$kernel"; fi), and restart it"
  else
    problem "its kernel ($kernel) lacks the modules$lacks: install a kernel that has them (sudo apt full-upgrade) and restart it"
  fi
}

load_modules() {
  local name
  for name in "${MODULES[@]}"; do
    [ -e "$ROOT/sys/module/$name" ] || modprobe -- "$name" \
      || refuse "its kernel does not load the module $name, which the pods' network needs"
  done
}

clock() { timedatectl show --property="$1" --value 2>/dev/null || true; }

check_clock_service() {
  command -v timedatectl >/dev/null || return 0
  [ "$(clock CanNTP)" != no ] || [ "$(clock NTPSynchronized)" = yes ] \
    || problem "it has no time service, and certificates and packages go by the time: sudo apt install systemd-timesyncd"
}

# Certificates, packages and WireGuard need the right time, and a Pi has no clock that runs while it is
# off. sync_clock FILE: turns the time service on, which FILE notes.
sync_clock() {
  local deadline=$((SECONDS + 60))
  if [ "$(clock NTP)" != yes ] && [ "$(clock CanNTP)" != no ]; then
    touch "$1"
    timedatectl set-ntp true || refuse "its time service does not start: sudo timedatectl set-ntp true shows why"
  fi
  until [ "$(clock NTPSynchronized)" = yes ]; do
    if [ $SECONDS -ge $deadline ]; then
      say "its clock found no time server within 60 s and says $(date -u '+%F %R') UTC"
      return
    fi
    sleep 1
  done
}

swap_units() {
  systemctl list-units --type=swap --state=active --plain --full --no-legend --no-pager \
    | awk '{print $1}'
}

# Swap is turned off, so that what it holds has to fit into memory.
check_swap() {
  [ -r "$ROOT/proc/swaps" ] && [ -r "$ROOT/proc/meminfo" ] || return 0
  local used free
  used=$(awk 'NR > 1 { used += $4 } END { print int(used / 1024) }' "$ROOT/proc/swaps")
  free=$(awk '$1 == "MemAvailable:" { print int($2 / 1024) }' "$ROOT/proc/meminfo")
  [ "$used" = 0 ] || [ "$used" -lt "${free:-0}" ] \
    || problem "its swap ($(swap_units | tr '\n' ' ' | sed 's/ $//')) has to go and holds $used MiB, but only $free MiB of memory are free: stop what takes the memory, or restart it"
}

check_room() {
  command -v df >/dev/null || return 0
  # A K3s that runs has its room already.
  ! own_k3s || return 0
  local free share nodes
  read -r free share < <(df -Pk "$ROOT/var/lib" 2>/dev/null \
    | awk 'NR == 2 { print int($4 / 1024), int($4 * 100 / ($2 + 1)) }') || true
  nodes=$(df -Pi "$ROOT/var/lib" 2>/dev/null | awk 'NR == 2 && $2 > 0 { print $4 }' || true)
  if [ "${free:-$ROOM}" -lt $ROOM ] || [ "${share:-100}" -lt $LEAST_FREE ]; then
    problem "its disk is too full: $free MiB ($share %) of /var/lib are free, and K3s with its images needs $ROOM MiB and $LEAST_FREE %: free some of it, or use a larger card"
  elif [ "${nodes:-20000}" -lt 20000 ]; then
    problem "its disk has no inodes left for images ($nodes in /var/lib, 20000 are needed): delete files"
  fi
}
