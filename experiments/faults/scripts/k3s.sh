#!/usr/bin/env bash
# Ends, stops or starts K3s on this machine.
# ACTION: kill | stop | start | freeze | thaw
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

each() { # SIGNAL
  local ids
  ids=$(parts)
  for id in $ids; do
    kill -s "$1" "$id"
  done
}

case $ACTION in
  kill) own=$(main) && kill -s KILL "$own" ;;
  stop) systemctl stop "$unit" ;;
  start)
    # Where it runs already, as systemd or a boot started it, this only waits until it says that it is ready.
    systemctl reset-failed "$unit" 2>/dev/null || true # one that is not loaded has not failed
    timeout "$patience" systemctl start "$unit"
    ;;
  freeze) each STOP ;;
  # One that goes on already takes no notice; where none runs, none is frozen.
  thaw) if main >/dev/null 2>&1; then each CONT; fi ;;
  *)
    echo "unknown action $ACTION" >&2
    exit 2
    ;;
esac
