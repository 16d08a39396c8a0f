# shellcheck shell=bash
# Part of the scripts that look a device over: what its firmware and kernel start it with.
# Follows supported.sh.
# Values: CGROUPS (v2 where this K3s runs on nothing else, or any)
set -euo pipefail

# What Kubernetes needs of the kernel and Raspberry Pi OS leaves out unless told (k3s#2067).
readonly MEMORY_FLAGS=(cgroup_memory=1 cgroup_enable=memory)
# Words that make systemd use cgroup v1.
readonly V1='systemd\.unified_cgroup_hierarchy=(0|n|no|f|false|off)|systemd\.legacy_systemd_cgroup_controller(=(1|y|yes|t|true|on))?|SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1'
# The file that the kernel's command line comes from; empty where there is none.
cmdline=
# Flags that it lacks, each after a space.
missing=

check_boot() {
  missing=
  contained || check_root
  find_command_line
  contained || [ "${CGROUPS:-v2}" = any ] || check_groups
  check_memory
}

# What is written to a root in memory, or not at all, is gone at the next boot.
check_root() {
  local kind options word
  kind=$(findmnt --noheadings --output FSTYPE / || true)
  options=$(findmnt --noheadings --output OPTIONS / || true)
  word=$(memory_root)
  if [[ $kind =~ ^(overlay|aufs|tmpfs|ramfs|rootfs|squashfs|erofs)$ ]]; then
    problem "its root file system is kept in memory ($kind${word:+, by $word}), and what is installed is gone at the next boot: turn that off (sudo raspi-config nonint disable_overlayfs on Raspberry Pi OS; elsewhere take ${word:-overlayroot} away) and restart it"
  elif [[ ,$options, = *,ro,* ]]; then
    problem "its root file system is mounted read-only: mount it writable in /etc/fstab, and on the kernel's command line, and restart it"
  elif [ -n "$word" ]; then
    problem "its root file system will be kept in memory from the next boot on ($word): take that away (sudo raspi-config nonint disable_overlayfs on Raspberry Pi OS)"
  fi
}

# What asks for a root in memory, and where.
memory_root() {
  local file
  for file in "$ROOT/boot/firmware/cmdline.txt" "$ROOT/boot/cmdline.txt" "$ROOT/proc/cmdline"; do
    grep -qsE '(^| )root=' "$file" || continue
    grep -oE '(^| )(overlayroot=(tmpfs|device|crypt)[^ ]*|boot=overlay)( |$)' "$file" \
      | sed "s| *\([^ ]*\) *|\1 in ${file#"$ROOT"}|;q" && return
  done
  sed -nE 's|^ *overlayroot="?((tmpfs\|device\|crypt)[^"]*)"? *$|overlayroot=\1 in /etc/overlayroot.conf|p' \
    "$ROOT/etc/overlayroot.conf" 2>/dev/null || true
}

# The boot partition is /boot/firmware since bookworm; what /boot then has is a note saying so. Its
# config.txt may name another file (cmdline), and a folder for all of a system's files (os_prefix).
find_command_line() {
  local boot
  for boot in "$ROOT/boot/firmware" "$ROOT/boot"; do
    ! choose_command_line "$boot" || return 0
  done
}

choose_command_line() {
  local boot=$1 prefix='' name=cmdline.txt model=yes other=yes doubt=no unsure=no file found=() booted=()
  [ ! -r "$boot/config.txt" ] || read_config "$boot/config.txt" 0
  cmdline=
  for file in "$boot/$prefix$name" "$boot/$name"; do
    if [ -z "$cmdline" ] && is_command_line "$file"; then
      cmdline=$file
    fi
  done
  [ -n "$cmdline" ] && [ "$unsure" = no ] && return
  # Some condition cannot be told from here: the kernel knows what it was started with.
  for file in "$boot"/*cmdline*.txt "$boot"/*/*cmdline*.txt; do
    ! is_command_line "$file" || found+=("$file")
  done
  for file in "${found[@]}"; do
    ! was_booted "$file" || booted+=("$file")
  done
  if [ ${#booted[@]} -eq 1 ]; then
    cmdline=${booted[0]}
  elif [ -z "$cmdline" ] && [ ${#found[@]} -eq 1 ]; then
    cmdline=${found[0]}
  fi
  [ -n "$cmdline" ]
}

is_command_line() { grep -qsE '(^| )root=' "$1"; }

# Whether the running kernel was given every word of a file; what was added since does not count.
was_booted() {
  local word words
  read -ra words <"$1" || true
  for word in "${words[@]}"; do
    [[ " ${MEMORY_FLAGS[*]} " = *" $word "* ]] || grep -qswF -- "$word" "$ROOT/proc/cmdline" || return 1
  done
}

# read_config FILE DEPTH: what config.txt says for this device.
read_config() {
  local line
  while IFS= read -r line || [ -n "$line" ]; do
    line=${line%$'\r'}
    case $line in
      '['*']') filter "${line:1:-1}" ;;
      'include '*) # a file of the same partition
        if applies && [ "$2" -lt 4 ] && [ -r "$boot/${line#include }" ]; then
          read_config "$boot/${line#include }" $(($2 + 1))
        fi ;;
      os_prefix=* | cmdline=*)
        if ! applies; then
          [ "$doubt" = no ] || unsure=yes
        elif [[ $line = os_prefix=* ]]; then
          prefix=${line#*=}
        else
          name=${line#*=}
        fi ;;
    esac
  done <"$1"
}

applies() { [ "$model$other" = yesyes ]; }

# A section's condition. Those of one kind replace each other; of two kinds, both must hold.
filter() {
  local board
  doubt=no
  board=$(tr -d '\0' <"$ROOT/proc/device-tree/model" 2>/dev/null || true)
  case $1 in
    all) model=yes other=yes ;;
    none) model=no ;;
    # A trial of the next start alone, as after an update.
    tryboot) other=no ;;
    pi[0-9]* | cm[0-9]*)
      model=no
      case $1:$board in
        pi0:*'Pi Zero'* | pi0w:*'Zero W'* | pi02:*'Zero 2'* | pi1:*'Pi Model'* | pi2:*'Pi 2'* | pi3:*'Pi 3'* \
          | pi3:*'Module 3'* | pi3+:*'Pi 3'*Plus* | pi4:*'Pi 4'* | pi4:*'Module 4'* | pi400:*'Pi 400'* \
          | cm4*:*'Module 4'* | pi5:*'Pi 5'* | pi5:*'Module 5'* | pi500:*'Pi 500'* | cm5:*'Module 5'* \
          | cm0:*'Module 0'*) model=yes ;;
        *:) doubt=yes ;;
      esac ;;
    # What only the firmware can tell, such as a pin's level.
    *) other=no doubt=yes ;;
  esac
}

check_groups() {
  local word file
  for file in "$cmdline" "$ROOT/proc/cmdline"; do
    [ -n "$file" ] || continue
    word=$(grep -oE "(^| )($V1)( |$)" "$file" 2>/dev/null || true)
    if [ -n "$word" ]; then
      problem "its kernel's command line asks for cgroup v1, and this K3s needs v2: take $(tr -s ' \n' ' ' <<<"$word" | sed 's/^ //; s/ $//') out of ${cmdline#"$ROOT"} and restart it"
      return
    fi
  done
  [ -e "$ROOT/sys/fs/cgroup/cgroup.controllers" ] \
    || problem "it uses cgroup v1 (no /sys/fs/cgroup/cgroup.controllers), and this K3s needs v2: start it with systemd.unified_cgroup_hierarchy=1 on its kernel's command line"
}

# Whether the kernel counts memory by group, or may be told to by one restart.
check_memory() {
  ! memory_counted || return 0
  local flag file=${cmdline#"$ROOT"} boot
  if [ -z "$cmdline" ]; then
    problem "its kernel does not count memory by group, which Kubernetes needs, and it has no cmdline.txt: boot it with ${MEMORY_FLAGS[*]}"
    return
  fi
  if grep -qsE '(^| )cgroup_disable=[^ ]*memory' "$cmdline"; then
    problem "its kernel does not count memory by group, which Kubernetes needs, as $file says so: take cgroup_disable=memory out of it"
    return
  fi
  for flag in "${MEMORY_FLAGS[@]}"; do
    sed -n 1p "$cmdline" | grep -qw -- "$flag" || missing+=" $flag"
  done
  if [ -n "$missing" ]; then
    check_boot_partition "$file"
    return
  fi
  boot=$(cat "$ROOT/proc/sys/kernel/random/boot_id")
  [ "$boot" = "$(cat "$ROOT/var/lib/fogline/before/boot" 2>/dev/null || true)" ] \
    || problem "its kernel does not count memory by group although $file asks for it (${MEMORY_FLAGS[*]}): update its kernel (sudo apt full-upgrade), or restart it if the words are new"
}

# The flags have to be written there, by way of a second file.
check_boot_partition() {
  local options free
  options=$(findmnt --noheadings --output OPTIONS --target "$cmdline" || true)
  free=$(df -Pk "${cmdline%/*}" 2>/dev/null | awk 'NR == 2 { print $4 }' || true)
  if [[ ,$options, = *,ro,* ]] || { [ "$(id -u)" = 0 ] && [ ! -w "$cmdline" ]; }; then
    problem "the file system of $1 is mounted read-only, and the kernel has to be told to count memory there: make it writable (sudo raspi-config nonint disable_bootro on Raspberry Pi OS, else in /etc/fstab) and restart it"
  elif [ "${free:-100}" -lt 16 ]; then
    problem "the file system of $1 is full ($free KiB free), and the kernel has to be told to count memory there: free some of it"
  fi
}
