# shellcheck shell=bash
# Moves a node's pods to other nodes before its agent stops; runs on the server, when the node leaves.
# Values: those of files.sh
# Parts before it: files.sh, api.sh
# A disruption budget that no other node can meet must not keep a machine for ever.
set -euo pipefail
drain_within=90

# Claims whose volume lies on this node's disk, a line each.
local_claims() {
  kube get persistentvolumes --output "jsonpath={range .items[*]}{.spec.nodeAffinity.required.nodeSelectorTerms[*].matchExpressions[?(@.key==\"kubernetes.io/hostname\")].values[*]} {.spec.claimRef.namespace}/{.spec.claimRef.name}{'\n'}{end}" \
    | awk -v node="$NODE" '$1 == node { print $2 }'
}

drain() {
  local claims
  claims=$(local_claims)
  if [ -n "$claims" ]; then
    say "has volumes on its own disk, which stay there; pods that want them start nowhere else:" \
      "${claims//$'\n'/, }"
  fi
  say "moving its pods to other nodes"
  kube drain "$NODE" --ignore-daemonsets --delete-emptydir-data --force \
    --skip-wait-for-delete-timeout=30 --timeout="${drain_within}s" >&2 || {
    say "not all of its pods could move within $drain_within s; the others end with it:"
    kube get pods --all-namespaces --field-selector "spec.nodeName=$NODE" --no-headers >&2 || true
  }
}

case $1 in
  delete)
    # Where a whole stack goes, its apps went before.
    workloads=$(kube get pods --all-namespaces --field-selector metadata.namespace!=kube-system --output name)
    ready=$(kube get node "$NODE" --ignore-not-found \
      --output 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')
    if [ -z "$workloads" ]; then
      say "the cluster serves nothing any more: its pods need not move"
    elif [ "$ready" != True ]; then
      say "the node is not Ready: there is nothing to move"
    else
      drain
    fi
    ;;
esac
