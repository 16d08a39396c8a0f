#!/usr/bin/env bash
# Tells what the checks of the CIS benchmark look at on one node, as lines of the form `word<tab>value`. It only looks.
# Runs as root. No key and no certificate is printed.
set -euo pipefail

k3s=/var/lib/rancher/k3s
# What a file is called, its mode and its owner.
stats() { stat --printf='file\t%n\t%a\t%U:%G\n' "$@" 2>/dev/null || true; }

if [ -d "$k3s/server/tls" ]; then printf 'role\tserver\n'; else printf 'role\tagent\n'; fi
# The official program brings its own container runtime; what another one writes is not K3s' to decide.
if [ -d "$k3s/data/current/bin" ]; then printf 'bundled\tyes\n'; fi
if [ -d "$k3s/server/db/etcd" ]; then
  printf 'datastore\tetcd\n'
elif [ -e "$k3s/server/db/state.db" ]; then
  printf 'datastore\tsqlite\n'
fi

# K3s writes down what it starts its parts with; a part that began long ago may have left the journal.
starts=$(journalctl --quiet --no-pager --output=cat -u k3s -u k3s-agent | grep -aE 'Running kube[a-z-]* ') || true
for part in kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy; do
  line=$(grep -F "Running $part " <<<"$starts" | tail -n 1) || true
  [ -z "$line" ] || printf 'arguments\t%s\t%s\n' "$part" "${line#*Running "$part" }"
done

stats "$k3s"/server/cred/*.kubeconfig "$k3s"/server/cred/encryption-config.json "$k3s/server/tls" \
  "$k3s"/server/tls/*.crt "$k3s"/server/tls/*.key "$k3s"/agent/*.kubeconfig "$k3s/agent/client-ca.crt" \
  "$k3s/server/db" "$k3s/server/logs" "$k3s/server/logs/audit.log"
find /var/lib/cni/networks -type f ! -name lock -printf 'file\t%p\t%m\t%u:%g\n' 2>/dev/null || true

# The names of what encrypts, in their order; the keys stay where they are.
if [ -e "$k3s/server/cred/encryption-config.json" ]; then
  printf 'providers\t%s\n' "$(grep -oE '"(aescbc|aesgcm|identity|kms|secretbox)"' \
    "$k3s/server/cred/encryption-config.json" | tr -d '"' | paste -sd, -)"
fi
if [ -e /etc/rancher/k3s/audit-policy.yaml ]; then
  printf 'audit\t%s\n' "$(base64 -w0 </etc/rancher/k3s/audit-policy.yaml)"
fi
if grep -qs '^disable-network-policy: *true' /etc/rancher/k3s/config.yaml /etc/rancher/k3s/config.yaml.d/*.yaml; then
  printf 'open\tyes\n'
fi
