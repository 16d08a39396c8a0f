#!/usr/bin/env bash
# Keeps a join bundle on the operator's computer, for nobody else to read.
# Values: FILE, TEXT, EARLIER (where an earlier version kept it)
set -euo pipefail

# Takes a file of this very bundle away; another stack may have put its own there.
remove_earlier() {
  local key
  key=$(sed -n "s/^JOIN_KEY='\(.*\)'$/\1/p" <<<"$TEXT")
  if grep -qsxF -- "PrivateKey = $key" "$EARLIER"; then
    rm -f "$EARLIER"
  fi
}

case $1 in
  create | update)
    umask 077
    mkdir -p "${FILE%/*}"
    part=$(mktemp "$FILE.XXXXXX")
    if ! printf '%s' "$TEXT" >"$part" || ! mv "$part" "$FILE"; then
      rm -f "$part"
      exit 1
    fi
    remove_earlier
    echo "the join bundle is $FILE" >&2
    ;;
  delete) rm -f "$FILE" ;;
esac
