# shellcheck shell=bash
# Fetches a program that is pinned by its sum; part of the scripts that run one.
# Values: those of files.sh, URL, SHA256, PROGRAM (path where it stays, which ends with its sum)
set -euo pipefail

# fetch_program NAME: fetches it, unless it is there.
fetch_program() {
  if [ ! -x "$PROGRAM" ]; then
    fetch_pinned "$1" "$URL" "$SHA256" "$PROGRAM.part"
    chmod 0755 "$PROGRAM.part"
    mv "$PROGRAM.part" "$PROGRAM"
  fi
}

# forget_program NAME: removes every release of it.
forget_program() {
  local programs=${PROGRAM%/*}
  rm -f "$programs/$1"-*
  [ ! -d "$programs" ] || rmdir --ignore-fail-on-non-empty "$programs"
}
