# shellcheck shell=bash
# For the other scripts to source: what leaves them goes through `masked STACK`, which knows every
# secret of the stack's state and settings. Where they cannot be read, nothing is printed.
set -euo pipefail

# secrets_of STACK DIR: the stack's secrets as JSON files that only this user reads.
secrets_of() {
  (
    umask 077
    pulumi stack export --stack "$1" --show-secrets >"$2/state.json"
    pulumi config --stack "$1" --json --show-secrets >"$2/config.json"
  )
}

# masked DIR: stdin without these secrets.
masked() {
  node --import tsx ci/mask.ts "$1/state.json" "$1/config.json"
}
