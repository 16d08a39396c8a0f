#!/usr/bin/env bash
# Makes a device fit for Kubernetes, and gives it back as it was. Follows tools.sh and the parts that look
# a device over.
# Values: those of its parts, SWAP_HOLD (drop-in of a swap's unit that keeps it off) and JOURNAL_SETTINGS
#         (drop-in of the journal's settings)
# Prints the id of the boot that ends now, or nothing when no restart is needed.
# shellcheck disable=SC2154 # cmdline and missing are boot.sh's
set -euo pipefail
before=$ROOT/var/lib/fogline/before
units=/etc/systemd/system
journal=$ROOT/etc/systemd/journald.conf.d/60-fogline.conf
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

# What is missing may have hidden something from the first look.
provide_tools() {
  local packages
  mapfile -t packages < <(lacking_here)
  [ ${#packages[@]} -gt 0 ] || return 0
  install_packages "$before/packages" "${packages[@]}"
  check_device
  refuse_problems
}

# Kubernetes counts on memory being memory, and swapping wears the card out.
stop_swap() {
  local unit
  for unit in "${SWAP_SERVICES[@]}"; do
    if systemctl is-enabled --quiet "$unit" 2>/dev/null; then
      say "turning swap off: $unit"
      echo "$unit" >>"$before/swap-service"
      systemctl disable --quiet --now "$unit" || refuse "$unit cannot be turned off: systemctl says why above"
    fi
  done
  swap_units | while IFS= read -r unit; do
    say "turning swap off: $unit"
    if [ -f "$ROOT$units/$unit" ]; then
      hold_swap "$unit"
    else
      printf '%s\n' "$unit" >>"$before/swap"
      systemctl mask --quiet --now -- "$unit" || refuse "$unit cannot be turned off: systemctl says why above"
    fi
  done
}

# A unit file of the owner's own cannot be masked: it gets a condition, which ends with these notes.
hold_swap() {
  printf '%s\n' "$1" >>"$before/swap-held"
  mkdir -p "$ROOT$units/$1.d"
  printf '%s' "$SWAP_HOLD" >"$ROOT$units/$1.d/fogline.conf"
  systemctl daemon-reload
  systemctl stop -- "$1" || refuse "$1 cannot be turned off: systemctl says why above"
}

restore_swap() {
  local unit
  if [ -e "$before/swap-held" ]; then
    while IFS= read -r unit; do
      rm -f "$ROOT$units/$unit.d/fogline.conf"
      [ ! -d "$ROOT$units/$unit.d" ] || rmdir --ignore-fail-on-non-empty "$ROOT$units/$unit.d"
    done <"$before/swap-held"
    systemctl daemon-reload
    while IFS= read -r unit; do
      systemctl start -- "$unit" || say "$unit comes back at the next boot"
    done <"$before/swap-held"
  fi
  if [ -e "$before/swap" ]; then
    while IFS= read -r unit; do
      systemctl unmask --quiet -- "$unit"
      systemctl start -- "$unit" || say "$unit comes back at the next boot"
    done <"$before/swap"
  fi
  if [ -e "$before/swap-service" ]; then
    while IFS= read -r unit; do
      systemctl enable --quiet --now "$unit"
    done <"$before/swap-service"
  fi
}

# A log in memory spares the card. It ends with the power; the pods' own logs do not.
spare_card() {
  [[ $(findmnt --noheadings --output SOURCE /) = /dev/mmcblk* ]] || return 0
  if [ ! -e "$journal" ]; then
    [ -d "${journal%/*}" ] || touch "$before/journal-folder"
    mkdir -p "${journal%/*}"
    printf '%s' "$JOURNAL_SETTINGS" >"$journal"
    systemctl restart systemd-journald.service
  fi
}

restore_clock() {
  [ ! -e "$before/clock" ] || timedatectl set-ntp false
}

restore_log() {
  [ -e "$journal" ] || return 0
  rm "$journal"
  [ ! -e "$before/journal-folder" ] || rmdir --ignore-fail-on-non-empty "${journal%/*}"
  systemctl restart systemd-journald.service
}

# Leaves the kernel's flags on the command line and notes the boot that must end for them.
count_memory() {
  ! memory_counted || return 0
  ended=$(cat "$ROOT/proc/sys/kernel/random/boot_id")
  [ -n "$missing" ] || return 0
  cp "$cmdline" "$before/cmdline"
  # Only the first line counts.
  sed "1s/[[:space:]]*\$/$missing/" "$cmdline" >"$cmdline.fogline"
  cp "$cmdline.fogline" "$before/cmdline-ours"
  printf '%s\n' "$cmdline" >"$before/cmdline-file"
  printf '%s\n' "$missing" >"$before/cmdline-flags"
  echo "$ended" >"$before/boot"
  sync "$cmdline.fogline"
  mv "$cmdline.fogline" "$cmdline"
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
  check_device
  # Before the first change, so that a refused device is left as it is.
  refuse_problems
  mkdir -p "$before"
  remember_settings
  # The time first: packages are signed for a while.
  contained || sync_clock "$before/clock"
  provide_tools
  if ! contained; then
    load_modules
    stop_swap
    spare_card
  fi
  count_memory
  if [ -n "$ended" ]; then
    restart
    echo "$ended"
  fi
}

# attempt COMMAND...: runs it, and goes on when it fails: half a return is better than none.
attempt() {
  local code
  set +e
  (
    set -e
    "$@"
  )
  code=$?
  set -e
  [ $code -eq 0 ] || failed+=" $1"
}

give_back() {
  local failed=
  attempt restore_command_line
  attempt restore_swap
  attempt restore_log
  attempt restore_clock
  attempt remove_packages "$before/packages"
  attempt restore_settings
  # The notes go last: whatever failed is done again with them.
  [ -z "$failed" ] || refuse "could not put everything back ($failed ): the reasons are above. Its notes stay in $before; run this again"
  rm -rf "$before"
  if [ -d "${before%/*}" ]; then
    rmdir --ignore-fail-on-non-empty "${before%/*}"
  fi
}

case $1 in
  create | update) prepare ;;
  delete) give_back ;;
esac
