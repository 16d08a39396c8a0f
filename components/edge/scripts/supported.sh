#!/usr/bin/env bash
# Part of prepare.sh and join.sh: whether this machine can be an edge node, and why not.
# Values: NODE, ARCH (what the settings call its processor). ROOT is the top of the file system:
# empty, but in tests.
ROOT=${ROOT:-}

say() { echo "$NODE: $*" >&2; }

refuse() {
  say "$*"
  exit 1
}

# release FIELD: a field of os-release.
release() { sed -n "s/^$1=//p" "$ROOT/etc/os-release" | tr -d '"'; }

check_supported() {
  check_system
  check_processor
}

check_system() {
  [ -r "$ROOT/etc/os-release" ] \
    || refuse "its operating system does not say what it is (no /etc/os-release): use Raspberry Pi OS (64-bit), Debian or Ubuntu"
  local id name version
  id=$(release ID)
  name=$(release PRETTY_NAME)
  version=$(release VERSION_ID)
  case $id in
    debian | raspbian) is_from "$version" 12 \
      || refuse "$name is too old: use Raspberry Pi OS or Debian 12 (bookworm) or newer" ;;
    ubuntu) is_from "$version" 22 || refuse "$name is too old: use Ubuntu 22.04 or newer" ;;
    *) refuse "$name is not supported: use Raspberry Pi OS (64-bit), Debian 12 or newer, or Ubuntu 22.04 or newer" ;;
  esac
}

# is_from VERSION LEAST: whether a version's first number is at least so much.
is_from() { [[ $1 =~ ^([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -ge "$2" ]; }

check_processor() {
  local kernel userland
  kernel=$(uname -m)
  userland=$(dpkg --print-architecture)
  case $kernel in
    armv6l | armv7l) refuse "its kernel is 32-bit ($kernel), and the cluster's images are built for 64-bit arm64: write the 64-bit image of Raspberry Pi OS to its card (a Pi 3, 4, 5 or Zero 2 W can run it, older ones cannot)" ;;
  esac
  [ "$userland" != armhf ] \
    || refuse "its programs are 32-bit (armhf) under a 64-bit kernel, and K3s goes by the programs: write the 64-bit image of Raspberry Pi OS to its card"
  [ "$userland" = "$ARCH" ] \
    || refuse "it is $userland, but the settings call it $ARCH: set fogline:edge[].arch of $NODE to $userland"
}

# Whether the kernel counts memory by group: cgroup v2, or v1.
memory_counted() {
  grep -qsw memory "$ROOT/sys/fs/cgroup/cgroup.controllers" \
    || grep -qs $'^memory\t.*\t1$' "$ROOT/proc/cgroups"
}

install_wireguard() {
  say "installing wireguard-tools"
  apt-get -o DPkg::Lock::Timeout=120 update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y -qq \
    --no-install-recommends wireguard-tools >&2
}
