# shellcheck shell=bash
# Tells the hub the names of members. The server does not: it is told to manage none, as it would take over
# the resolver of this machine and name itself as name server of every client.
# Values: NODE, NAMES (for names.sh)
# Parts before it: names.sh
set -euo pipefail
case $1 in
  create | update)
    know_names "$NAMES"
    echo "$NODE: knows the names of members" >&2
    ;;
  delete)
    # The hub of plain WireGuard, if it has taken over, has written its own.
    if ! systemctl is-enabled --quiet wg-quick@fogline0.service 2>/dev/null; then
      know_names ""
    fi
    ;;
esac
