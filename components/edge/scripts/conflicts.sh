# shellcheck shell=bash
# Part of the scripts that look a device over: what runs there and stands in the cluster's way.
# Follows supported.sh.
# shellcheck disable=SC2154 # problems is supported.sh's
set -euo pipefail

# Ports of the node: protocol, number, addresses that matter (any, or loopback alone), who needs it.
readonly PORTS=(
  'tcp 80 any the ingress controller'
  'tcp 443 any the ingress controller'
  "tcp 8082 loopback the ingress controller's health check"
  'tcp 6443 any Kubernetes'
  'tcp 6444 loopback K3s'
  'tcp 10010 loopback K3s'
  'tcp 10248 loopback the kubelet'
  'tcp 10249 loopback the kube-proxy'
  'tcp 10250 any the kubelet'
  'tcp 10256 any the kube-proxy'
  "udp 8472 any the pods' network"
)

check_conflicts() {
  check_other_kubernetes
  check_ports
}

# another NAME CURE PATH...: a problem when one of the paths exists.
another() {
  local name=$1 cure=$2 found
  shift 2
  found=$(existing "$@")
  [ -z "$found" ] || problem "it has $name ($found), and two Kubernetes on one machine take each other's network and data: $cure, or use another device"
}

check_other_kubernetes() {
  local units=/etc/systemd/system
  if ! own_k3s; then
    another "a K3s of its own" "uninstall it (sudo k3s-uninstall.sh, or k3s-agent-uninstall.sh; that deletes its cluster's data)" \
      /usr/local/bin/k3s /usr/bin/k3s /opt/bin/k3s $units/k3s.service $units/k3s-agent.service \
      /etc/rancher/k3s /var/lib/rancher/k3s
  fi
  another RKE2 "uninstall it (sudo rke2-uninstall.sh; that deletes its cluster's data)" \
    /usr/local/bin/rke2 /opt/rke2/bin/rke2 /etc/rancher/rke2 /var/lib/rancher/rke2
  another k0s "remove it (sudo k0s stop; sudo k0s reset; that deletes its data)" \
    /usr/local/bin/k0s /usr/bin/k0s /etc/k0s /var/lib/k0s $units/k0sworker.service $units/k0scontroller.service
  another MicroK8s "remove it (sudo snap remove --purge microk8s; that deletes its data)" \
    /snap/bin/microk8s /var/snap/microk8s
  another "another Kubernetes' kubelet" "remove it (sudo kubeadm reset, then purge the package kubelet; that deletes its data)" \
    /etc/kubernetes /usr/bin/kubelet /usr/local/bin/kubelet $units/kubelet.service
  another MicroShift "remove it (sudo microshift-cleanup-data --all, then the package)" \
    /etc/microshift /var/lib/microshift
  another KubeEdge "remove it (sudo keadm reset edge)" /etc/kubeedge $units/edgecore.service
  check_leftovers
}

# What a Kubernetes leaves whose programs are gone, where nothing above has told of it.
check_leftovers() {
  local found interface
  if own_k3s || [[ "${problems[*]}" = *'two Kubernetes'* ]]; then
    return
  fi
  found=$(existing /var/lib/kubelet)
  for interface in flannel.1 flannel-wg cni0 kube-ipvs0 kube-bridge cilium_host weave antrea-gw0; do
    [ ! -e "$ROOT/sys/class/net/$interface" ] || found+=" $interface"
  done
  [ -z "$found" ] || problem "another Kubernetes has left its data or network interfaces here (${found# }): remove them as its documentation says, and restart the device"
}

check_ports() {
  command -v ss >/dev/null || return 0
  local tcp udp entry protocol number where who users
  # shellcheck disable=SC2034 # by their names, below
  tcp=$(ss --no-header --listening --tcp --numeric --processes 2>/dev/null || true)
  # shellcheck disable=SC2034
  udp=$(ss --no-header --listening --udp --numeric --processes 2>/dev/null || true)
  for entry in "${PORTS[@]}"; do
    read -r protocol number where who <<<"$entry"
    [ -n "${!protocol}" ] || continue
    users=$(listeners "$number" "$where" <<<"${!protocol}")
    [ -z "$users" ] || tell_port "$number/$protocol" "$who" "${users%%$'\n'*}"
  done
}

# listeners NUMBER WHERE: who listens there, a line each, as ss has it: users:(("nginx",pid=812,fd=6)),
# or "-" where the kernel itself does.
listeners() {
  awk -v number="$1" -v where="$2" '
    { port = address = $4; sub(/.*:/, "", port); sub(/:[^:]*$/, "", address); sub(/%.*/, "", address) }
    port == number && (where == "any" || address ~ /^(127\.0\.0\.1|0\.0\.0\.0|\*|\[::\])$/) {
      print (NF > 5 ? $6 : "-") }'
}

# tell_port PORT NEEDED_BY USERS
tell_port() {
  local port=$1 who=$2 program pid unit cure
  program=$(sed -n 's/.*users:(("\([^"]*\)".*/\1/p' <<<"$3")
  pid=$(sed -n 's/.*users:(("[^"]*",pid=\([0-9]*\).*/\1/p' <<<"$3")
  if own_k3s && { [ -z "$pid" ] || is_ours "$pid"; }; then
    return
  fi
  unit=$(grep -oE '[^/]+\.service' "$ROOT/proc/${pid:-none}/cgroup" 2>/dev/null | sed -n '$p' || true)
  case $program in
    '') cure="find who has it (sudo ss -lntup) and move or stop it" program="something that ss does not name" ;;
    docker-proxy | rootlessport | conmon | slirp4netns | pasta) cure="a container publishes it: stop that one, or publish another port (docker ps, podman ps)" ;;
    systemd) cure="a socket unit of systemd holds it: stop that one (systemctl list-sockets)" ;;
    *) cure="stop it${unit:+ (sudo systemctl disable --now $unit)}, or have it listen on another port" ;;
  esac
  problem "port $port is taken by $program${pid:+ (process $pid)}, and $who needs it: $cure"
}

# Whether a process belongs to Fogline's K3s or to a pod.
is_ours() {
  grep -qsE 'kubepods|/k3s(-agent)?\.service' "$ROOT/proc/$1/cgroup" \
    || [[ $(readlink "$ROOT/proc/$1/exe" 2>/dev/null) =~ ^/(usr/local/lib/fogline|var/lib/rancher/k3s)/ ]]
}
