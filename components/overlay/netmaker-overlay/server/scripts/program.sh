#!/usr/bin/env bash
# Fetches a program that is pinned by its sum; part of the scripts that run one.
# Values: NODE, URL, SHA256
set -euo pipefail
programs=/usr/local/lib/fogline-netmaker

say() { echo "$NODE: $*" >&2; }

# fetch_program NAME: puts NAME-<sum> into the programs' folder and prints its path.
fetch_program() {
  local file=$programs/$1-$SHA256 sum
  if [ ! -x "$file" ]; then
    install -d -m 0755 "$programs"
    say "fetching $1 from $URL"
    curl --fail --silent --show-error --location --compressed --connect-timeout 10 \
      --max-time 600 --retry 5 --retry-connrefused --output "$file.part" "$URL" >&2 || {
      local code=$?
      rm -f "$file.part"
      say "cannot fetch $1 from $URL (curl: exit code $code; 23 means that the disk is full)"
      exit 1
    }
    sum=$(sha256sum "$file.part" | cut -d' ' -f1)
    if [ "$sum" != "$SHA256" ]; then
      rm -f "$file.part"
      say "the program at $URL has SHA-256 $sum, not $SHA256: refused, nothing installed"
      exit 1
    fi
    chmod 0755 "$file.part"
    mv "$file.part" "$file"
  fi
  echo "$file"
}

# forget_program NAME: removes every release of it.
forget_program() {
  rm -f "$programs/$1"-*
  [ ! -d "$programs" ] || rmdir --ignore-fail-on-non-empty "$programs"
}

# put FILE MODE OWNER TEXT: writes a file whole; notes in `changed` whether it is another one now.
put() {
  if [ ! -e "$1" ] || [ "$(cat "$1"; echo .)" != "$4"$'\n.' ]; then
    (umask 077 && printf '%s\n' "$4" >"$1.part")
    mv "$1.part" "$1"
    # shellcheck disable=SC2034 # read by the script that this is a part of
    changed=yes
  fi
  chown "$3" "$1"
  chmod "$2" "$1"
}
