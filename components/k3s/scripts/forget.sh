#!/usr/bin/env bash
# Takes a node that has gone out of the cluster; runs on the server. The agent could not: by the time
# it is told to go, the hub may have closed its way to the API.
# Values: NODE
set -euo pipefail
case $1 in
  delete)
    k3s kubectl --kubeconfig /etc/rancher/k3s/k3s.yaml --request-timeout=10s \
      delete node "$NODE" --ignore-not-found --timeout=60s >&2
    ;;
esac
