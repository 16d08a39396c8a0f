#!/usr/bin/env bash
# Reads one device's request from the connection on stdin and checks its form. Runs without privileges, in
# the sandbox of its unit; enrol.sh runs next and decides.
# Writes $RUNTIME_DIRECTORY/request: the device's keys and processor, or why the request is refused.
set -euo pipefail
export LC_ALL=C

# A request is these lines and `end`. What runs on the hub is no wider: a key is 32 bytes in base64, an
# Ed25519 host key 51 of which the first 19 are the same in all.
readonly FORM=(
  'key [A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]='
  'host-key ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI[A-Za-z0-9+/]{43}'
  'arch (amd64|arm64)'
  'os [A-Za-z0-9 ./()+-]{1,80}'
)
readonly MOST_BYTES=512 # the longest request has 245
readonly MOST_LINES=$((${#FORM[@]} + 1))
readonly MOST_SECONDS=10

# The shell drops NUL bytes silently; a question mark is in no form.
request=$(timeout $MOST_SECONDS head -n $MOST_LINES | head -c $MOST_BYTES | tr '\0' '?') || true
mapfile -t lines <<<"$request"

verdict() {
  local i
  if [ "${lines[-1]}" != end ]; then
    if [ ${#lines[@]} -eq $MOST_LINES ] || [ ${#request} -eq $MOST_BYTES ]; then
      echo "refused the request is too long"
    else
      echo "refused the request ends early"
    fi
    return
  fi
  for i in "${!FORM[@]}"; do
    if [[ ! ${lines[i]-} =~ ^${FORM[i]}$ ]]; then
      echo "refused the request lacks its ${FORM[i]%% *}"
      return
    fi
  done
  # The operating system is told to nobody.
  printf '%s\n' "${lines[@]:0:3}"
}

verdict >"$RUNTIME_DIRECTORY/request"
