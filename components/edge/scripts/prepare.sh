#!/usr/bin/env bash
# Makes a device fit for Kubernetes, and gives it back as it was. Follows supported.sh.
# Values: NODE, ARCH
# Prints the id of the boot that ends now, or nothing when no restart is needed.
set -euo pipefail
before=$ROOT/var/lib/fogline/before
journal=$ROOT/etc/systemd/journald.conf.d/60-fogline.conf
# What Kubernetes needs of the kernel and Raspberry Pi OS leaves out unless told (k3s#2067).
readonly MEMORY_FLAGS=(cgroup_memory=1 cgroup_enable=memory)
# The boot that must end; empty when none must.
ended=
# What K3s, its kubelet and its proxy, and the overlay may set.
readonly SETTINGS=(
  net/ipv4/ip_forward net/ipv4/conf/all/forwarding net/ipv4/conf/default/forwarding
  net/ipv4/conf/all/route_localnet net/ipv6/conf/all/forwarding net/ipv6/conf/default/forwarding
  net/bridge/bridge-nf-call-iptables net/bridge/bridge-nf-call-ip6tables
  net/netfilter/nf_conntrack_max net/netfilter/nf_conntrack_tcp_timeout_established
  net/netfilter/nf_conntrack_tcp_timeout_close_wait
  vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops
  kernel/keys/root_maxkeys kernel/keys/root_maxbytes
)

# A container's clock, swap, kernel and logs are its host's.
contained() { systemd-detect-virt --quiet --container; }

remember_settings() {
  [ ! -e "$before/settings" ] || return 0
  local key value
  for key in "${SETTINGS[@]}"; do
    if [ -r "$ROOT/proc/sys/$key" ] && { [[ $key = net/* ]] || ! contained; }; then
      IFS= read -r value <"$ROOT/proc/sys/$key"
      echo "$key $value"
    fi
  done >"$before/settings.part"
  mv "$before/settings.part" "$before/settings"
}

restore_settings() {
  local key value now
  [ -e "$before/settings" ] || return 0
  while read -r key value; do
    [ -e "$ROOT/proc/sys/$key" ] || continue
    IFS= read -r now <"$ROOT/proc/sys/$key"
    [ "$now" = "$value" ] || echo "$value" >"$ROOT/proc/sys/$key"
  done <"$before/settings"
}

provide_wireguard() {
  if ! command -v wg-quick >/dev/null; then
    install_wireguard
    echo wireguard-tools >"$before/packages"
  fi
}

remove_packages() {
  [ -e "$before/packages" ] || return 0
  xargs env DEBIAN_FRONTEND=noninteractive \
    apt-get -o DPkg::Lock::Timeout=120 purge -y -qq <"$before/packages" >&2
}

# Kubernetes counts on memory being memory, and swapping wears the card out.
stop_swap() {
  local unit
  if systemctl is-enabled --quiet dphys-swapfile.service 2>/dev/null; then
    say "turning the swap file off"
    echo dphys-swapfile.service >"$before/swap-service"
    systemctl disable --quiet --now dphys-swapfile.service
  fi
  swap_units | while IFS= read -r unit; do
    say "turning swap off: $unit"
    printf '%s\n' "$unit" >>"$before/swap"
    systemctl mask --quiet --now -- "$unit" || refuse "$unit cannot be turned off: free some memory"
  done
}

swap_units() {
  systemctl list-units --type=swap --state=active --plain --full --no-legend --no-pager \
    | awk '{print $1}'
}

restore_swap() {
  local unit
  if [ -e "$before/swap" ]; then
    while IFS= read -r unit; do
      systemctl unmask --quiet -- "$unit"
      systemctl start -- "$unit" || say "$unit comes back at the next boot"
    done <"$before/swap"
  fi
  if [ -e "$before/swap-service" ]; then
    systemctl enable --quiet --now dphys-swapfile.service
  fi
}

# Certificates and WireGuard need the right time, and a Pi has no clock that runs while it is off.
sync_clock() {
  local deadline=$((SECONDS + 60))
  if [ "$(timedatectl show --property=NTP --value)" != yes ]; then
    timedatectl set-ntp true \
      || refuse "it has no time service: sudo apt install systemd-timesyncd, then run up again"
    touch "$before/clock"
  fi
  until [ "$(timedatectl show --property=NTPSynchronized --value)" = yes ]; do
    if [ $SECONDS -ge $deadline ]; then
      say "its clock found no time server within 60 s and says $(date -u '+%F %R') UTC"
      return
    fi
    sleep 1
  done
}

# A log in memory spares the card. It ends with the power; the pods' own logs do not.
spare_card() {
  [[ $(findmnt --noheadings --output SOURCE /) = /dev/mmcblk* ]] || return 0
  if [ ! -e "$journal" ]; then
    [ -d "${journal%/*}" ] || touch "$before/journal-folder"
    mkdir -p "${journal%/*}"
    printf '[Journal]\nStorage=volatile\nRuntimeMaxUse=32M\n' >"$journal"
    systemctl restart systemd-journald.service
  fi
}

restore_log() {
  [ -e "$journal" ] || return 0
  rm "$journal"
  [ ! -e "$before/journal-folder" ] || rmdir --ignore-fail-on-non-empty "${journal%/*}"
  systemctl restart systemd-journald.service
}

# The boot partition is /boot/firmware since bookworm; what /boot then has is a note saying so.
find_command_line() {
  for cmdline in "$ROOT/boot/firmware/cmdline.txt" "$ROOT/boot/cmdline.txt"; do
    ! grep -qs '\broot=' "$cmdline" || return 0
  done
  refuse "its kernel does not count memory by group, which Kubernetes needs, and it has no cmdline.txt: boot it with ${MEMORY_FLAGS[*]}"
}

# Leaves the kernel's flags on the command line and notes the boot that must end for them.
count_memory() {
  ! memory_counted || return 0
  local cmdline boot flag missing=
  find_command_line
  boot=$(cat "$ROOT/proc/sys/kernel/random/boot_id")
  for flag in "${MEMORY_FLAGS[@]}"; do
    sed -n 1p "$cmdline" | grep -qw -- "$flag" || missing+=" $flag"
  done
  if [ -n "$missing" ]; then
    mkdir -p "$before"
    cp "$cmdline" "$before/cmdline"
    # Only the first line counts.
    sed "1s/[[:space:]]*\$/$missing/" "$cmdline" >"$cmdline.fogline"
    cp "$cmdline.fogline" "$before/cmdline-ours"
    printf '%s\n' "$cmdline" >"$before/cmdline-file"
    printf '%s\n' "$missing" >"$before/cmdline-flags"
    sync "$cmdline.fogline"
    mv "$cmdline.fogline" "$cmdline"
    echo "$boot" >"$before/boot"
  elif [ "$boot" != "$(cat "$before/boot" 2>/dev/null || true)" ]; then
    refuse "its kernel does not count memory by group although ${cmdline#"$ROOT"} asks for it (${MEMORY_FLAGS[*]}): update its kernel (sudo apt full-upgrade)"
  fi
  ended=$boot
}

restore_command_line() {
  [ -e "$before/cmdline-file" ] || return 0
  local file flags flag
  file=$(cat "$before/cmdline-file")
  if cmp -s "$file" "$before/cmdline-ours"; then
    cp "$before/cmdline" "$file.fogline"
  else
    # Somebody changed it since: take out what was put in, and nothing else.
    cp "$file" "$file.fogline"
    read -ra flags <"$before/cmdline-flags"
    for flag in "${flags[@]}"; do
      sed -i "1s/ $flag\\b//" "$file.fogline"
    done
  fi
  sync "$file.fogline"
  mv "$file.fogline" "$file"
}

# The next step must not meet a machine that is about to go: it takes no login from here on.
restart() {
  local unit
  say "restarting once, so that its kernel counts memory by group"
  systemd-run --quiet --collect --on-active=2 --timer-property=AccuracySec=100ms systemctl reboot
  for unit in ssh.socket ssh.service; do
    ! systemctl is-active --quiet "$unit" || systemctl stop "$unit"
  done
}

prepare() {
  check_supported
  # First what may be refused, so that a refused device is left as it is.
  count_memory
  mkdir -p "$before"
  remember_settings
  provide_wireguard
  if ! contained; then
    stop_swap
    sync_clock
    spare_card
  fi
  if [ -n "$ended" ]; then
    restart
    echo "$ended"
  fi
}

give_back() {
  restore_command_line
  restore_swap
  restore_log
  [ ! -e "$before/clock" ] || timedatectl set-ntp false
  remove_packages
  restore_settings
  rm -rf "$before"
  if [ -d "${before%/*}" ]; then
    rmdir --ignore-fail-on-non-empty "${before%/*}"
  fi
}

case $1 in
  create | update) prepare ;;
  delete) give_back ;;
esac
