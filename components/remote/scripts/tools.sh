# shellcheck shell=bash
# Programs that scripts call: looked for once and first, installed or named; part of a machine's first
# script. ROOT is the top of the file system: empty, but in tests.
# Values: NODE
set -euo pipefail
ROOT=${ROOT:-}

# What every member needs, as command:package; a path stands for a file.
# shellcheck disable=SC2034 # read by the scripts that this is a part of
readonly MEMBER_TOOLS=(
  wg-quick:wireguard-tools wg:wireguard-tools curl:curl /etc/ssl/certs/ca-certificates.crt:ca-certificates
  ping:iputils-ping ip:iproute2 ss:iproute2 sysctl:procps pgrep:procps flock:util-linux
)

# lacking COMMAND:PACKAGE...: prints the packages of those that are missing, each once.
lacking() {
  local tool command
  for tool in "$@"; do
    command=${tool%%:*}
    if [[ $command = /* ]]; then
      [ -e "$ROOT$command" ] || echo "${tool#*:}"
    else
      command -v "$command" >/dev/null || echo "${tool#*:}"
    fi
  done | awk '!seen[$0]++'
}

# install_packages FILE PACKAGE...: installs them; FILE, unless empty, notes what is new by it, which
# includes what they depend on. Noted first, so that an installation that is cut off is undone, too.
install_packages() {
  local file=$1
  shift
  echo "$NODE: installing $*" >&2
  # One broken source of the owner's must not keep out what others have.
  apt-get -o DPkg::Lock::Timeout=120 update -qq >&2 \
    || echo "$NODE: not all lists of packages could be renewed" >&2
  if [ -n "$file" ]; then
    apt-get install --simulate --no-install-recommends "$@" 2>/dev/null \
      | awk '$1 == "Inst" && $3 ~ /^\(/ { print $2 }' >>"$file" || true
  fi
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y -qq \
    --no-install-recommends "$@" >&2 || {
    echo "$NODE: cannot install $*: apt-get says why above (is it online? its clock says" \
      "$(date -u '+%F %R') UTC)" >&2
    return 1
  }
}

# remove_packages FILE: purges what is noted there, but nothing that others' packages need by now.
remove_packages() {
  [ -e "$1" ] || return 0
  local package others ours=()
  while IFS= read -r package; do
    [ "$(dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] \
      || continue
    others=$(apt-get purge --simulate "$package" 2>/dev/null \
      | awk -v noted="$1" 'BEGIN { while ((getline line <noted) > 0) ours[line] }
          ($1 == "Remv" || $1 == "Purg") && !($2 in ours) { print $2 }' || true)
    if [ -n "$others" ]; then
      echo "$NODE: keeps $package, which other packages need by now: ${others//$'\n'/ }" >&2
    else
      ours+=("$package")
    fi
  done < <(awk '!seen[$0]++' "$1")
  [ ${#ours[@]} -eq 0 ] \
    || DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 purge -y -qq "${ours[@]}" >&2
}
