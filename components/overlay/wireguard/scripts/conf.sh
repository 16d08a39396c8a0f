# shellcheck shell=bash
# WireGuard's files, tested before one takes the place of another; part of the scripts that write one.
set -euo pipefail

# for_wg FILE: the lines that are wg's own; the others are wg-quick's.
for_wg() {
  grep -viE '^[[:space:]]*(Address|DNS|MTU|Table|PreUp|PostUp|PreDown|PostDown|SaveConfig)[[:space:]]*=' "$1"
}

# loads FILE: whether wg can load it. It reads a whole file before it looks for the interface, and there
# is none of this name. Says why not.
loads() {
  local said
  said=$(wg setconf fogline-none <(for_wg "$1") 2>&1) || true
  if [[ $said != "Unable to modify interface"* ]]; then
    echo "$said" >&2
    return 1
  fi
  if ! grep -qE '^PrivateKey = [A-Za-z0-9+/]{43}=$' "$1" || ! grep -qE '^Address = [0-9a-f]' "$1"; then
    echo "it lacks a private key or an address" >&2
    return 1
  fi
}

# with_key CONF KEY: prints the configuration with the private key, for which the program wrote a mark. The
# one place where it is filled in.
with_key() { printf '%s' "${1//@PRIVATE_KEY@/$2}"; }

# write_conf FILE KEY-FILE: CONF with the private key, into a new file beside FILE; prints its path. Fails,
# and leaves none, when wg cannot load it.
write_conf() {
  local key part
  IFS= read -r key <"$2"
  part=$(umask 077 && mktemp "$1.XXXXXX")
  if ! with_key "$CONF" "$key" >"$part" || ! loads "$part"; then
    rm -f "$part"
    return 1
  fi
  echo "$part"
}
