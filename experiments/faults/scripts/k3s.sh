#!/usr/bin/env bash
# Ends, stops or starts K3s on this machine.
# ACTION: kill | stop | start | freeze | thaw
# LIMIT: for stop and freeze; seconds after which K3s that was stopped or frozen goes on by itself, whoever is gone by then
set -euo pipefail
# Seconds until a start that does not end is given up; it takes 10 to 40.
patience=300
unit=k3s-agent.service
if systemctl cat k3s.service >/dev/null 2>&1; then unit=k3s.service; fi

main() {
  local id
  id=$(systemctl show --property=MainPID --value "$unit")
  if [ "${id:-0}" -le 1 ]; then
    echo "$unit does not run" >&2
    return 1
  fi
  echo "$id"
}

# K3s' own process first, so that it starts none of the others anew; then its parts where they are processes of
# their own. containerd is none of them: it goes on. Told apart by the name they were called by, as all may be one file.
parts() {
  local own id name
  own=$(main) || return
  echo "$own"
  for id in $(pgrep --parent "$own" || true); do
    if IFS= read -r -d '' name <"/proc/$id/cmdline" && [ "${name##*/}" = k3s ]; then
      echo "$id"
    fi
  done
}

each() { # SIGNAL ID...
  local id
  for id in "${@:2}"; do
    kill -s "$1" "$id"
  done
}

timer=fogline-fault-k3s

goes_on_by_itself() { # COMMAND
  goes_on_no_more
  systemd-run --quiet --collect --unit="$timer" --on-active="$LIMIT" --timer-property=AccuracySec=1s \
    /bin/bash -c "$1"
}

goes_on_no_more() {
  if systemctl is-active --quiet "$timer.timer"; then systemctl stop "$timer.timer"; fi
}

case $ACTION in
  kill) own=$(main) && kill -s KILL "$own" ;;
  stop)
    goes_on_by_itself "systemctl start $unit"
    systemctl stop "$unit"
    ;;
  start)
    # Where it runs already, as systemd or a boot started it, this only waits until it says that it is ready.
    systemctl reset-failed "$unit" 2>/dev/null || true # one that is not loaded has not failed
    timeout "$patience" systemctl start "$unit"
    goes_on_no_more
    ;;
  freeze)
    found=$(parts)
    mapfile -t ids <<<"$found"
    # One that has ended by then keeps none of the others.
    goes_on_by_itself "kill -s CONT ${ids[*]}"
    each STOP "${ids[@]}"
    ;;
  # One that goes on already takes no notice; where none runs, none is frozen.
  thaw)
    if found=$(parts 2>/dev/null); then
      mapfile -t ids <<<"$found"
      each CONT "${ids[@]}"
    fi
    goes_on_no_more
    ;;
  *)
    echo "unknown action $ACTION" >&2
    exit 2
    ;;
esac
