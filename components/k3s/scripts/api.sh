# shellcheck shell=bash
# The cluster's API as its administrator, on the server; part of the scripts that run there.
# Values: those of files.sh, ACCOUNTS (namespace of machines' service accounts, for forget_node)
set -euo pipefail

kube() { k3s kubectl --kubeconfig /etc/rancher/k3s/k3s.yaml --request-timeout=20s "$@"; }

# forget_node: takes the node and all that the cluster keeps for its machine away. The agent could not:
# by the time it is told to go, the hub may have closed its way to the API. The node's pods go with it:
# left to the garbage collector they would stay among the endpoints for some 40 s.
forget_node() {
  kube delete node "$NODE" --ignore-not-found --timeout=60s >&2
  # kubectl warns that they may run on, which they do not.
  kube delete pods --all-namespaces --field-selector "spec.nodeName=$NODE" --force --grace-period=0 \
    --wait=false 2>&1 | { grep -v -e '^Warning: Immediate deletion' -e '^No resources found' || true; } >&2
  # K3s removes it with the node, some time later; until then another machine cannot have the name.
  kube delete secret --namespace kube-system "$NODE.node-password.k3s" --ignore-not-found >&2
  # What the machine's kubeconfig says is worth nothing from here on.
  kube delete clusterrolebinding "fogline:node:$NODE" --ignore-not-found >&2
  kube delete serviceaccount,secret --namespace "$ACCOUNTS" "$NODE" --ignore-not-found >&2
}
