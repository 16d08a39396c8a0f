# shellcheck shell=bash
# Refuses what a running cluster does not survive, before anything on the machine is changed; part of
# install.sh.
# Values: those of files.sh, ROLE, CONFIG, VERSION (of K3s)
# shellcheck disable=SC2154 # etc: of install.sh
set -euo pipefail
refuse_changes() {
  local problems=()
  [ -e "$etc/config.yaml" ] || return 0
  if [ "$ROLE" = server ] && [ -e /var/lib/rancher/k3s/server/db ]; then
    refuse_range k3s.podRange cluster-cidr pods
    refuse_range k3s.serviceRange service-cidr services
  fi
  refuse_version
  if [ ${#problems[@]} -gt 0 ]; then
    say "nothing was changed:"
    printf '%s\n' "${problems[@]/#/$NODE: }" >&2 || true
    exit 1
  fi
}

setting() { sed -n "s/^$1: *//p"; }

# refuse_range SETTING KEY WHOSE
refuse_range() {
  local before after
  before=$(setting "$2" <"$etc/config.yaml")
  after=$(setting "$2" <<<"$CONFIG")
  if [ -n "$before" ] && [ "$before" != "$after" ]; then
    problems+=("fogline:$1: the cluster was made with $before, and its nodes and $3 have addresses of it for good. \
Set it back to $before; or make the cluster anew with $after: save the votes (docs/azure.md), destroy, up")
  fi
}

# Kubernetes goes from a minor version to the next one, and never back: the datastore is converted on
# the way, and a server that left one out may not be able to read it.
refuse_version() {
  local before after
  before=$(/usr/local/bin/k3s --version 2>/dev/null | sed -n '1s/^k3s version v\([0-9.]*\).*/\1/p') || true
  after=$(sed -n 's/^v\([0-9.]*\).*/\1/p' <<<"$VERSION")
  [ -n "$before" ] && [ -n "$after" ] || return 0
  local from to
  IFS=. read -ra from <<<"$before"
  IFS=. read -ra to <<<"$after"
  if [ "${to[0]}" -lt "${from[0]}" ] || [ "${to[0]}" = "${from[0]}" ] && [ "${to[1]}" -lt "${from[1]}" ]; then
    problems+=("fogline:k3s.version: v$after is older than v$before, which runs: a cluster cannot go back. \
Set it to v$before or later; or make the cluster anew: save the votes (docs/azure.md), destroy, up")
  elif [ "${to[0]}" != "${from[0]}" ] || [ "${to[1]}" -gt $((from[1] + 1)) ]; then
    problems+=("fogline:k3s.version: from v$before to v$after leaves minor versions out, which Kubernetes does not support. \
Set it to a v${from[0]}.$((from[1] + 1)) release first, run up, and go on from there")
  fi
}
