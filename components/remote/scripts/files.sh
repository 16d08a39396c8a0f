#!/usr/bin/env bash
# Files of a machine, written whole or fetched; part of the scripts that install something there.
# Values: NODE
set -euo pipefail
# Whether `put` wrote anything that was otherwise before.
changed=no

# Where nobody listens any more, as after a broken connection, the work goes on all the same: a signal
# ends the subshell alone.
say() { (echo "$NODE: $*" >&2) || true; }

# put FILE MODE TEXT: writes a file whole, with a line's end at its end; others may do so meanwhile.
put() {
  local text=${3%$'\n'} part
  if [ ! -e "$1" ] || [ "$(cat "$1"; echo .)" != "$text"$'\n.' ]; then
    mkdir -p "${1%/*}"
    # Hidden, so that no program takes it for one of its files.
    part=$(mktemp "${1%/*}/.${1##*/}.XXXXXX")
    if ! printf '%s\n' "$text" >"$part" || ! chmod "$2" "$part" || ! mv -T "$part" "$1"; then
      rm -f "$part"
      say "cannot write $1"
      exit 1
    fi
    # shellcheck disable=SC2034 # read by the scripts that this is a part of
    changed=yes
  else
    chmod "$2" "$1"
  fi
}

# fetch_pinned WHAT URL SHA256 FILE: fetches what has this sum, or ends the script and leaves nothing.
fetch_pinned() {
  local sum
  mkdir -p "${4%/*}"
  say "fetching $1 from $2"
  curl --fail --silent --show-error --location --compressed --connect-timeout 10 \
    --max-time 900 --retry 5 --retry-connrefused --output "$4" "$2" >&2 || {
    local code=$?
    df -h "${4%/*}" >&2
    rm -f "$4"
    say "cannot fetch $1 from $2 (curl: exit code $code; 23 means that the disk is full)"
    exit 1
  }
  sum=$(sha256sum "$4" | cut -d' ' -f1)
  if [ "$sum" != "$3" ]; then
    rm -f "$4"
    say "what is at $2 has SHA-256 $sum, not $3: refused, nothing installed"
    exit 1
  fi
}
