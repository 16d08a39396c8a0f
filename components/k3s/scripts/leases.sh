#!/usr/bin/env bash
# Has nodes keep their leases for a while after their server has started. A machine that restarts forgets the sessions of
# its tunnels. Their other ends begin new ones only after 15 s without an answer (KEEPALIVE_TIMEOUT and REKEY_TIMEOUT of
# WireGuard's protocol), and kubelets that met a dead line pause for up to 7 s more: a server that gives nodes up sooner
# would take all of them for lost. So the leases of nodes that were Ready are renewed here, each until its own kubelet
# renews it.
# Usage: leases.sh PATIENCE
#   PATIENCE: seconds after which a node that has not been heard of is left to the server
set -euo pipefail
patience=$1
# Seconds between two looks; a server gives nodes up after several.
every=1

kube() { k3s kubectl --kubeconfig /etc/rancher/k3s/k3s.yaml --request-timeout=3s "$@"; }

# Names of nodes that count as Ready, one a line.
# shellcheck disable=SC2016 # $name is of the template
ready_nodes() {
  kube get nodes --output 'go-template={{range .items}}{{$name := .metadata.name}}{{range .status.conditions}}{{if and (eq .type "Ready") (eq .status "True")}}{{$name}}{{"\n"}}{{end}}{{end}}{{end}}'
}

# Names of nodes, and when the lease of each was renewed.
leases() {
  kube get leases --namespace kube-node-lease --output 'go-template={{range .items}}{{.metadata.name}} {{.spec.renewTime}}{{"\n"}}{{end}}'
}

# renew NODE…: a kubelet that renews its own meanwhile tries again.
renew() {
  local node now
  now=$(date -u +%FT%T.%6NZ)
  for node in "$@"; do wrote[$node]=$now; done
  kube patch lease --namespace kube-node-lease --type merge \
    --patch "{\"spec\":{\"renewTime\":\"$now\"}}" "$@" >/dev/null
}

# Nodes that are waited for: when each one's lease was renewed at the last look, and what was written here.
declare -A seen=() wrote=()
until nodes=$(ready_nodes); do
  [ $SECONDS -lt "$patience" ] || exit 1
  sleep "$every"
done
for node in $nodes; do seen[$node]=''; done

while [ ${#seen[@]} -gt 0 ] && [ $SECONDS -lt "$patience" ]; do
  silent=()
  if found=$(leases); then
    while read -r node at; do
      [ -n "${seen[$node]+waited}" ] || continue
      case $at in
        "${seen[$node]:-$at}" | "${wrote[$node]-}") seen[$node]=$at silent+=("$node") ;;
        *) unset "seen[$node]" ;; # its kubelet's
      esac
    done <<<"$found"
  fi
  [ ${#silent[@]} -eq 0 ] || renew "${silent[@]}" || true # tried again at the next look
  sleep "$every"
done
if [ ${#seen[@]} -gt 0 ]; then
  echo "<4>not heard of within $patience s, and left to the server: ${!seen[*]}"
fi
