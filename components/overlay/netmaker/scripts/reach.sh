# shellcheck shell=bash
# Waits until this machine of the cloud reaches the hub's address in the overlay, by the cloud's route.
# Its first step of its own, so it also provides the programs that every later one calls.
# Parts before it: tools.sh, first-boot.sh, names.sh
# Values: NODE, HUB, NAMES (for names.sh)
set -euo pipefail
limit=120 # seconds; a route of the cloud takes a while to be known everywhere

case $1 in
  create | update)
    packages=$(lacking "${MEMBER_TOOLS[@]}")
    if [ -n "$packages" ]; then
      await_first_boot
      # shellcheck disable=SC2086 # one word a package
      install_packages "" $packages
    fi
    # A tunnel of plain WireGuard would take the overlay's range.
    if systemctl is-enabled --quiet wg-quick@fogline0.service 2>/dev/null; then
      systemctl disable --quiet --now wg-quick@fogline0.service
      rm -f /etc/wireguard/fogline0.conf
    fi
    deadline=$((SECONDS + limit))
    until ping -q -c 1 -W 1 "$HUB" >/dev/null; do
      if [ $SECONDS -ge $deadline ]; then
        echo "$NODE: no answer from the hub $HUB within $limit s: does the subnet's route table lead there?" >&2
        exit 1
      fi
    done
    know_names "$NAMES"
    echo "$NODE: reaches the hub over the cloud's network" >&2
    ;;
  delete)
    know_names ""
    ;;
esac
