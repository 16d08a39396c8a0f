#!/usr/bin/env bash
# Waits until a DaemonSet's pod is ready on every node that is up, and says where it is not and why;
# runs on the server. A node that is not Ready gets its pod when it is back.
# Values: NAMESPACE DAEMONSET SECONDS_LIMIT; GENERATION and MACHINES, which make it run anew
set -euo pipefail

kube() {
  k3s kubectl --kubeconfig /etc/rancher/k3s/k3s.yaml --request-timeout=10s --namespace "$NAMESPACE" "$@"
}

# One line for each pod: node|revision|ready|restarts|waiting for|last words. One that is being deleted is still
# ready for a while; its revision is `leaving`.
PODS='{{range .items}}{{.spec.nodeName}}|{{if .metadata.deletionTimestamp}}leaving{{else}}{{index .metadata.labels "controller-revision-hash"}}{{end}}|{{range .status.containerStatuses}}{{.ready}}|{{.restartCount}}|{{with .state.waiting}}{{.reason}}{{end}}|{{with .lastState.terminated}}{{with .message}}{{printf "%q" .}}{{end}}{{end}}{{end}}{{"\n"}}{{end}}'
# One line for each port that a pod has on its node: port|namespace/name.
# shellcheck disable=SC2016 # $pod is the template's
HOLDERS='{{range .items}}{{$pod := .metadata}}{{range .spec.containers}}{{range .ports}}{{if .hostPort}}{{.hostPort}}|{{$pod.namespace}}/{{$pod.name}}{{"\n"}}{{end}}{{end}}{{end}}{{end}}'
NODES='{{range .items}}{{.metadata.name}} {{range .status.conditions}}{{if eq .type "Ready"}}{{.status}}{{end}}{{end}}{{"\n"}}{{end}}'

# holder NODE PORT: another pod that has this port of its node; nothing where a program of the node itself has
# it, which the server cannot see.
holder() {
  kube get pods --all-namespaces --selector "app!=$DAEMONSET" --output "go-template=$HOLDERS" \
    --field-selector "spec.nodeName=$1,status.phase=Running" | sed -n "s/^$2|//p" | head -n 1
}

# tell_port NODE PORT: what is said of a port that is taken.
tell_port() {
  local pod
  pod=$(holder "$1" "$2") || true
  if [ -n "$pod" ]; then
    broken+="$DAEMONSET cannot start on $1: port $2 of that machine is taken by the pod $pod. Give that pod \
another port or keep it off $1, and run up again."$'\n'
  else
    broken+="$DAEMONSET cannot start on $1: port $2 of that machine is taken by another program; \
\"sudo ss -ltnp 'sport = :$2'\" there names it. Stop that program or move it to another port, and run up again."$'\n'
  fi
}

# look: sets `late` (nodes whose pod is not ready yet) and `broken` (what is said of pods that keep ending).
look() {
  local newest up pods wanted seen node revision ready restarts waiting words port
  late='' broken=''
  newest=$(kube get controllerrevisions --selector "app=$DAEMONSET" --sort-by=.revision \
    --output 'jsonpath={.items[-1:].metadata.labels.controller-revision-hash}')
  up=$(kube get nodes --output "go-template=$NODES" | sed -n 's/ True$//p')
  pods=$(kube get pods --selector "app=$DAEMONSET" --output "go-template=$PODS")
  wanted=$(kube get daemonset "$DAEMONSET" --output 'jsonpath={.status.desiredNumberScheduled}')
  seen=$(cut -d '|' -f 1 <<<"$pods" | sort -u | grep -c .) || true
  if [ -z "$pods" ]; then
    late="every node"
  elif [ "$seen" -lt "${wanted:-0}" ]; then
    late=" $((wanted - seen)) without a pod"
  fi
  while IFS='|' read -r node revision ready restarts waiting words; do
    [ -n "$node" ] || continue
    if ! grep -qxF -- "$node" <<<"$up"; then
      away="$away $node"
    elif [ "$ready" != true ] && [ "${restarts:-0}" -ge 2 ] && [ "$waiting" = CrashLoopBackOff ]; then
      port=$(grep -oE ':[0-9]+: bind: address already in use' <<<"$words" | grep -oE '[0-9]+' | head -n 1) || true
      if [ -n "$port" ]; then
        tell_port "$node" "$port"
      else
        broken+="$DAEMONSET cannot start on $node: ${words:-it ends without a word}"$'\n'
      fi
    elif [ "$ready" != true ] || [ "$revision" != "$newest" ]; then
      late="$late $node"
    fi
  done <<<"$pods"
}

case $1 in
  create | update)
    end=$((SECONDS + SECONDS_LIMIT))
    while away='' && look && [ -n "$late" ] && [ "$SECONDS" -lt "$end" ]; do sleep 2; done
    [ -z "$away" ] || echo "$DAEMONSET: not looked at, as their nodes are not Ready:$away" >&2
    [ -z "$late" ] || broken+="$DAEMONSET is not ready after $SECONDS_LIMIT s on:$late; \"kubectl describe pods --namespace $NAMESPACE\" tells why"$'\n'
    if [ -n "$broken" ]; then
      printf '%s' "$broken" >&2
      echo "Everything else is deployed; the other nodes serve it." >&2
      exit 1
    fi
    ;;
esac
