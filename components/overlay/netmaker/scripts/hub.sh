# shellcheck shell=bash
# Makes this machine the network's host and hub: netclient, enrolled with a key that is good once.
# Values: those of program.sh, SERVER (host of the API), TOKEN, ADDRESS (to be given), ENDPOINT, PORT, MTU,
#         YIELD (yield.sh, the program that makes way for another kind of overlay), YIELD_SERVICE (its
#         unit's file)
# Parts before it: files.sh, program.sh, stranded.sh
set -euo pipefail
hub=/etc/netclient
limit=60 # seconds for the interface to have its address

is_registered() { grep -qF "$SERVER:443" "$hub/servers.json" 2>/dev/null; }

# The hub of plain WireGuard has the address that this one is about to have.
leave_wireguard() {
  if systemctl is-enabled --quiet wg-quick@fogline0.service 2>/dev/null; then
    systemctl disable --quiet --now wg-quick@fogline0.service
    rm -f /etc/wireguard/fogline0.conf
  fi
}

install_netclient() {
  fetch_program netclient
  if ! cmp -s "$PROGRAM" /usr/bin/netclient || ! systemctl is-active --quiet netclient.service; then
    "$PROGRAM" install >&2
  fi
}

# Address and port are the other kind's as well: its unit and this one cannot stand together.
make_way() {
  put /usr/local/sbin/fogline-netmaker-yield 0755 "$YIELD"
  put /etc/systemd/system/fogline-netmaker-hub.service 0644 "$YIELD_SERVICE"
  systemctl daemon-reload
  systemctl enable --quiet --now fogline-netmaker-hub.service
}

# netclient takes the token as an argument alone: meanwhile nobody but root sees others' processes. A
# run that was killed left its mark, and them hidden.
enrol() {
  local mark=/run/fogline-netmaker-hidden
  if [ -e "$mark" ] || [[ "$(findmnt --noheadings --output OPTIONS /proc)" != *hidepid=* ]]; then
    touch "$mark"
    # shellcheck disable=SC2064 # the mark of now
    trap "mount -o remount,hidepid=0 /proc; rm -f $mark" EXIT
    mount -o remount,hidepid=2 /proc
  fi
  netclient join -t "$TOKEN" -o "$NODE" -e "$ENDPOINT" -p "$PORT" -i -j -m "$MTU" >&2
}

has_address() { [[ "$(ip -4 -o address show dev netmaker 2>/dev/null)" == *" $ADDRESS/"* ]]; }

# Where devices that joined by a bundle were told to dial, which the bundles' folders keep; the address is
# the one that the hub has.
place() {
  local dialled own
  dialled=$(cat /var/lib/fogline/enrolment/*/conf 2>/dev/null | sed -n 's/^Endpoint = .*:/port /p' | sort -u) || true
  own=$(ip -4 -o address show dev netmaker 2>/dev/null | sed -n 's#.* inet \([0-9.]*\)/.*#address \1#p') || true
  [ -z "$dialled" ] || [ -z "$own" ] || echo "$own $dialled"
}

case $1 in
  create | update)
    refuse_to_strand wireguard
    refuse_to_move "$(place)" "address $ADDRESS port $PORT"
    install_netclient
    leave_wireguard
    make_way
    if ! is_registered; then
      enrol
    fi
    deadline=$((SECONDS + limit))
    until has_address; do
      if [ $SECONDS -ge $deadline ]; then
        say "netclient did not get the address $ADDRESS within $limit s"
        journalctl --no-pager --output=cat -n 15 -u netclient >&2 || true
        exit 1
      fi
      sleep 0.2
    done
    say "is the network's host, $ADDRESS"
    ;;
  delete)
    # Its end takes netclient away.
    systemctl stop fogline-netmaker-hub.service
    forget_program netclient
    ;;
esac
