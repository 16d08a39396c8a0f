#!/usr/bin/env bash
# Has visitors wait while this node's ingress controller is started anew, instead of turning them away. While it is
# gone, or has not heard of its routes yet, packets that open a connection to its ports are dropped; who sent one sends
# it again after a second, and two and four seconds later (RFC 6298). Connections that stand go on.
# It is told of an end by a connection to the controller's health check, which closes the moment that the controller is
# told to end. The controller goes on taking visitors for a second from then (apps/ingress/component.ts): time enough.
# Usage: gate.sh watch PORTS STATUS PROVIDER PATIENCE | clear
#   PORTS: of visitors, with commas; STATUS: port of its health check and of its list of routes, on loopback;
#   PROVIDER: Traefik's name of what it has its routes from; PATIENCE: seconds after which visitors are turned away
set -euo pipefail
# K3s brings iptables where there is none.
PATH=$PATH:/var/lib/rancher/k3s/data/current/bin/aux
chain=FOGLINE-GATE
# Seconds between two questions while visitors wait.
every=0.05
# Seconds after which one that answers counts as whole although it tells nothing of routes, as in earlier releases.
mute=3

# A table that no other program decides in before this one: what is dropped here, nobody has accepted.
rules() { iptables --wait 5 --table mangle "$@"; }

opening=(PREROUTING --protocol tcp --syn --match addrtype --dst-type LOCAL --jump "$chain")

set_up() {
  rules --new-chain "$chain" 2>/dev/null || rules --flush "$chain"
  rules --check "${opening[@]}" 2>/dev/null || rules --insert "${opening[@]}"
}

clear_away() {
  while rules --delete "${opening[@]}" 2>/dev/null; do :; done
  rules --flush "$chain" 2>/dev/null || true
  rules --delete-chain "$chain" 2>/dev/null || true
}

close_gate() { rules --append "$chain" ! --in-interface lo --protocol tcp --match multiport --dports "$ports" --jump DROP; }
open_gate() { rules --flush "$chain"; }

# ask PATH
ask() { curl --silent --fail --max-time 2 --noproxy '*' "http://127.0.0.1:$status$1"; }

answers() { ask /ping >/dev/null; }

# has_routes: 0 where it has heard of its routes, 1 where it has not, 2 where it does not tell.
has_routes() {
  local routes
  routes=$(ask "/api/http/routers?search=@$provider&per_page=1") || return 2
  [[ $routes == *"\"provider\":\"$provider\""* ]]
}

# stay: until the controller closes a connection that says nothing.
stay() {
  local connection
  { exec {connection}<>"/dev/tcp/127.0.0.1/$status"; } 2>/dev/null || return 0
  # One that has asked nothing would keep the controller from ending.
  printf 'GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n' >&"$connection" || true
  while read -r -t 300 -u "$connection" _ || [ $? -gt 128 ]; do :; done
  exec {connection}>&-
}

# hold: keeps visitors waiting until the controller is whole; fails where it is not in time.
hold() {
  local code answering='' began=$SECONDS
  close_gate
  echo "<5>visitors wait for the ingress controller"
  while [ $((SECONDS - began)) -lt "$patience" ]; do
    code=0
    has_routes || code=$?
    if [ $code -eq 2 ] && answers; then
      answering=${answering:-$SECONDS}
      [ $((SECONDS - answering)) -lt $mute ] || code=0
    fi
    if [ $code -eq 0 ]; then
      open_gate
      echo "<5>the ingress controller is back"
      return 0
    fi
    sleep "$every"
  done
  open_gate
  echo "<4>the ingress controller is not back after $patience s: visitors are turned away"
  return 1
}

case $1 in
  watch)
    ports=$2 status=$3 provider=$4 patience=$5
    # A write to a connection that the controller has closed is an error, no end.
    trap '' PIPE
    set_up
    known=no
    while :; do
      if answers; then
        [ $known = yes ] || echo "<5>the ingress controller answers"
        known=yes
        stay
      elif [ $known = no ] || ! hold; then
        # There is nobody to wait for: none was here yet, or it stays away.
        known=no
        sleep 1
      fi
    done
    ;;
  clear)
    clear_away
    ;;
esac
