#!/usr/bin/env bash
# Part of every script of a device: how it speaks, and whether its system is a supported one.
# Values: NODE, ARCH (what the settings call its processor). ROOT is the top of the file system:
# empty, but in tests.
set -euo pipefail
ROOT=${ROOT:-}
# What keeps the device from being an edge node, each with its cure.
problems=()

say() { echo "$NODE: $*" >&2; }

refuse() {
  say "$*"
  exit 1
}

problem() { problems+=("$*"); }

# Everything that is looked at before a device is changed; boot.sh, conflicts.sh, network.sh and needs.sh
# have the parts.
check_device() {
  problems=()
  check_supported
  check_needs
  check_boot
  check_conflicts
  check_network
}

# Ends the script when there are problems, and tells all of them.
refuse_problems() {
  [ ${#problems[@]} -gt 0 ] || return 0
  local each
  for each in "${problems[@]}"; do
    say "$each"
  done
  say "${#problems[@]} problem(s): it cannot join like this. Run this again once they are solved"
  exit 1
}

# A container's clock, swap, kernel and logs are its host's.
contained() { systemd-detect-virt --quiet --container; }

# release FIELD: a field of os-release.
release() { sed -n "s/^$1=//p" "$ROOT/etc/os-release" | tr -d '"'; }

# existing PATH...: those that exist, but as empty folders, on one line.
existing() {
  local path found=
  for path in "$@"; do
    if [ -d "$ROOT$path" ]; then
      [ -z "$(compgen -G "$ROOT$path/*")" ] || found+=" $path"
    elif [ -e "$ROOT$path" ] || [ -L "$ROOT$path" ]; then
      found+=" $path"
    fi
  done
  echo "${found# }"
}

# Whether the K3s on this device is Fogline's: its program is a link that no other installation makes.
own_k3s() { [[ $(readlink "$ROOT/usr/local/bin/k3s" 2>/dev/null) = /usr/local/lib/fogline/k3s-* ]]; }

check_supported() {
  check_system
  check_processor
}

check_system() {
  [ -r "$ROOT/etc/os-release" ] || {
    problem "its operating system does not say what it is (no /etc/os-release): use Raspberry Pi OS (64-bit), Debian or Ubuntu"
    return
  }
  local id name version
  id=$(release ID)
  name=$(release PRETTY_NAME)
  version=$(release VERSION_ID)
  case $id in
    debian | raspbian) is_from "$version" 12 \
      || problem "$name is too old: use Raspberry Pi OS or Debian 12 (bookworm) or newer" ;;
    ubuntu) is_from "$version" 22 || problem "$name is too old: use Ubuntu 22.04 or newer" ;;
    *) problem "$name is not supported: use Raspberry Pi OS (64-bit), Debian 12 or newer, or Ubuntu 22.04 or newer" ;;
  esac
}

# is_from VERSION LEAST: whether a version's first number is at least so much.
is_from() { [[ $1 =~ ^([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -ge "$2" ]; }

check_processor() {
  local kernel userland
  kernel=$(uname -m)
  userland=$(dpkg --print-architecture 2>/dev/null || true)
  if [[ $kernel = armv[67]l ]]; then
    problem "its kernel is 32-bit ($kernel), and the cluster's images are built for 64-bit arm64: write the 64-bit image of Raspberry Pi OS to its card (a Pi 3, 4, 5 or Zero 2 W can run it, older ones cannot)"
  elif [ "$userland" = armhf ]; then
    problem "its programs are 32-bit (armhf) under a 64-bit kernel, and K3s goes by the programs: write the 64-bit image of Raspberry Pi OS to its card"
  elif [ -n "$userland" ] && [ "$userland" != "$ARCH" ]; then
    problem "it is $userland, but the settings call it $ARCH: set fogline:edge[].arch of $NODE to $userland"
  fi
}

# Whether the kernel counts memory by group: cgroup v2, or v1.
memory_counted() {
  if [ -e "$ROOT/sys/fs/cgroup/cgroup.controllers" ]; then
    grep -qsw memory "$ROOT/sys/fs/cgroup/cgroup.controllers"
  else
    grep -qs $'^memory\t.*\t1$' "$ROOT/proc/cgroups"
  fi
}
