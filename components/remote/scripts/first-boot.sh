# shellcheck shell=bash
# What a machine does by itself at its first boot: part of a machine's first script, before it installs.
# Values: NODE
set -euo pipefail

# await_first_boot: waits until cloud-init is done ("cloud-init status --wait", cloud-init's documentation)
# and apt's own runs are over. While those renew the lists of packages, apt-get update fails at once:
# DPkg::Lock::Timeout is for dpkg's lock alone.
await_first_boot() {
  local limit=600 unit deadline # seconds, for each of the two
  if command -v cloud-init >/dev/null; then
    timeout "$limit" cloud-init status --wait >/dev/null 2>&1 || case $? in
      124)
        echo "$NODE: cloud-init has not ended within $limit s; on the machine, cloud-init status --long says why" >&2
        exit 1
        ;;
      *) echo "$NODE: cloud-init ended with errors; on the machine, cloud-init status --long shows them" >&2 ;;
    esac
  fi
  deadline=$((SECONDS + limit))
  for unit in apt-daily.service apt-daily-upgrade.service; do
    while [ "$(systemctl show --property=ActiveState --value "$unit" 2>/dev/null)" = activating ]; do
      if [ $SECONDS -ge $deadline ]; then
        echo "$NODE: $unit has held apt for $limit s; on the machine, systemctl status $unit says why" >&2
        exit 1
      fi
      sleep 2
    done
  done
}
