#!/usr/bin/env bash
# Refuses names of cluster-wide objects that are somebody else's; runs on the server. The Kubernetes
# provider takes over whatever has the name of an object that it creates, so that an interrupted update
# goes on, and deletes it with the stack.
# Values: NODE, NAMES (words of the form kind/name)
set -euo pipefail

# Prints the object's uid and the managers of its fields; nothing where there is none.
managers() {
  k3s kubectl --kubeconfig /etc/rancher/k3s/k3s.yaml --request-timeout=30s \
    get "${1%%/*}" "${1#*/}" --ignore-not-found --show-managed-fields \
    --output 'jsonpath={.metadata.uid} {.metadata.managedFields[*].manager}'
}

case $1 in
  create | update)
    taken=()
    for name in $NAMES; do
      found=$(managers "$name")
      # What a run of the program made has a field manager of the provider's.
      if [ -n "$found" ] && [[ "${found#* } " != *pulumi-kubernetes* ]]; then
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
