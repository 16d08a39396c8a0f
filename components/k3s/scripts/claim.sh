#!/usr/bin/env bash
# Refuses names of cluster-wide objects that are somebody else's; runs on the server. The Kubernetes
# provider takes over whatever has the name of an object that it creates, so that an interrupted update
# goes on, and deletes it with the stack.
# Values: NODE, NAMES (words of the form kind/name)
set -euo pipefail

# Kinds whose objects in a namespace say whose it is; others come with every namespace.
inside=deployments,statefulsets,daemonsets,jobs,pods,services,ingresses,persistentvolumeclaims

ask() {
  k3s kubectl --kubeconfig /etc/rancher/k3s/k3s.yaml --request-timeout=30s \
    get --ignore-not-found --show-managed-fields "$@"
}

# Whether an object is there and no run of the program made it, which would have left a field manager
# of the provider's. A namespace of which nothing but its name is declared has no manager: whose it is,
# its content says, and without content it is nobody's.
is_theirs() {
  local kind=${1%%/*} name=${1#*/} found
  found=$(ask "$kind" "$name" --output 'jsonpath={.metadata.uid} {.metadata.managedFields[*].manager}')
  if [ -n "$found" ] && [ "$kind" = namespace ]; then
    found+=" $(ask "$inside" --namespace "$name" --output 'jsonpath={.items[*].metadata.managedFields[*].manager}')"
    [ "$(wc -w <<<"$found")" -gt 1 ] || return 1
  fi
  [ -n "$found" ] && [[ "${found#* } " != *pulumi-kubernetes* ]]
}

case $1 in
  create | update)
    taken=()
    for name in $NAMES; do
      if is_theirs "$name"; then
        taken+=("$name")
      fi
    done
    if [ ${#taken[@]} -gt 0 ]; then
      echo "$NODE: the cluster has objects under Fogline's names that Fogline did not make: ${taken[*]}." \
        "Nothing was changed; up would take them over, and destroy would delete them." \
        "Delete them or give them other names, or leave the app out of the settings; then run up again" >&2
      exit 1
    fi
    ;;
esac
