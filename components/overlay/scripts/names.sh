#!/usr/bin/env bash
# Names of members in /etc/hosts; part of the scripts that join a machine to an overlay.
set -euo pipefail

# know_names NAMES: has these lines, and no others of ours, in /etc/hosts.
know_names() {
  local mark="names in the overlay, written by fogline" part
  if [ -z "$1" ] && ! grep -qxF "# begin: $mark" /etc/hosts; then
    return
  fi
  part=$(mktemp /etc/.hosts.XXXXXX)
  {
    sed "/^# begin: $mark\$/,/^# end: $mark\$/d" /etc/hosts
    [ -z "$1" ] || printf '# begin: %s\n%s\n# end: %s\n' "$mark" "$1" "$mark"
  } >"$part"
  chmod --reference=/etc/hosts "$part"
  mv "$part" /etc/hosts
}
