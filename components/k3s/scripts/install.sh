# shellcheck shell=bash
# Installs K3s on this machine from a pinned binary and waits until its node is Ready.
# Values: those of files.sh, ROLE (server|agent), VERSION, URL, SHA256, CONFIG, FLANNEL, TOKEN (with which agents join),
#   ADMIN, SERVICE (file of K3s' unit), INPUTS (inputs.sh, the program that tells what K3s starts with), RENEWAL (number
#   of a period: another one has the step run again, so that certificates are renewed); programs and the files of their
#   units, empty where none runs: FOLLOW (looks after the pods' network), REACH (reach.sh), GATE (gate.sh), LEASES
#   (leases.sh), each with _SERVICE; of agents also SERVER (address of its API), KUBECONFIG_TEXT (that of the machine's
#   administrator); and those of hardening.sh, registries.sh and timers.sh
# Parts before it: files.sh, changes.sh, running.sh, hardening.sh, registries.sh, timers.sh
# Prints, on a server: the agents' token, what the datastore's file shows of Secrets, the administrator's kubeconfig.
# shellcheck disable=SC2153,SC2154 # values and parts stand before the script when it runs
set -euo pipefail
etc=/etc/rancher/k3s
profile=/etc/profile.d/fogline.sh
if [ "$ROLE" = server ]; then unit=k3s; else unit=k3s-agent; fi
follower=fogline-k3s-follow
reacher=fogline-k3s-reach
follow_anew=no
gate=fogline-k3s-gate
leaser=fogline-k3s-leases
pods_before=/run/fogline-k3s-pods
ready_within=300
pods_within=300
clock_within=300
former_start=

failed() {
  say "$1"
  systemctl --no-pager --lines=0 status "$unit" 2>&1 | sed -n '1,4p' >&2 || true
  say "last lines of $unit:"
  journalctl --no-pager --output=cat -n 15 -u "$unit" >&2 || true
  exit 1
}

# Certificates are good from a moment on, and a Pi has no clock that runs while it is off. The server's
# time is all that is asked, so nothing depends on who answers.
check_clock() {
  local theirs ours
  theirs=$(curl --silent --insecure --head --max-time 10 --retry 5 --retry-connrefused \
    "https://$SERVER:6443/" | sed -n 's/^date: \([^\r]*\).*/\1/Ip') || true
  [ -n "$theirs" ] || return 0 # what is wrong there, K3s says better
  theirs=$(date -d "$theirs" +%s)
  ours=$(date +%s)
  if [ $((ours - theirs)) -gt $clock_within ] || [ $((theirs - ours)) -gt $clock_within ]; then
    say "its clock says $(date -ud "@$ours" '+%F %R') UTC, the server's $(date -ud "@$theirs" '+%F %R'):" \
      "certificates do not hold across that. Let it reach a time server (timedatectl timesync-status), or" \
      "set it by hand (timedatectl set-ntp false; timedatectl set-time), then run up again"
    exit 1
  fi
}

# Whether a file of /usr/local/bin is a link that this script made.
own_link() {
  local target
  target=$(readlink "/usr/local/bin/$1" || true)
  [[ $target = /usr/local/lib/fogline/k3s-* || $target = k3s ]]
}

refuse_another_k3s() {
  if [ -e /usr/local/bin/k3s ] && ! own_link k3s; then
    say "it has a K3s of its own (/usr/local/bin/k3s), which stays as it is: uninstall that first" \
      "(k3s-uninstall.sh or k3s-agent-uninstall.sh; it deletes that cluster's data), then run up again"
    exit 1
  fi
}

install_binary() {
  local file=/usr/local/lib/fogline/k3s-$SHA256 name
  if [ ! -x "$file" ]; then
    fetch_pinned K3s "$URL" "$SHA256" "$file.part"
    chmod 0755 "$file.part"
    mv "$file.part" "$file"
  fi
  ln -sfn "$file" /usr/local/bin/k3s
  # Programs of these names that somebody else installed stay.
  for name in kubectl crictl; do
    if [ ! -e "/usr/local/bin/$name" ] || own_link "$name"; then
      ln -sfn k3s "/usr/local/bin/$name"
    fi
  done
}

write_config() {
  hold_grace
  put "$etc/config.yaml" 0600 "$CONFIG"
  put "$etc/flannel.json" 0600 "$FLANNEL"
  if [ "$ROLE" = server ]; then
    # The server's own token is made by K3s and stays with it. Servers of earlier versions were given the
    # one that agents have.
    put "$etc/agent-token" 0600 "$TOKEN"
    rm -f "$etc/token"
  else
    put "$etc/token" 0600 "$TOKEN"
  fi
  write_registries
  write_hardening
  write_kubelet
  put "/etc/systemd/system/$unit.service" 0644 "$SERVICE"
  # The unit notes what it starts with, whoever starts it.
  put "$inputs" 0755 "$INPUTS"
}

follow_interface() {
  local changed=no follows=no
  if [ -z "$FOLLOW_SERVICE" ]; then
    stop_beside "$follower"
    return
  fi
  if [ -e "/etc/systemd/system/$follower.service" ]; then follows=yes; fi
  put "/usr/local/sbin/$follower" 0755 "$FOLLOW"
  put "/etc/systemd/system/$follower.service" 0644 "$FOLLOW_SERVICE"
  if [ $follows = yes ]; then follow_anew=$changed; fi
}

# Follows once K3s runs. A new program or unit takes the place of the one that runs.
keep_following() {
  [ -n "$FOLLOW_SERVICE" ] || return 0
  systemctl enable --quiet --now --no-block "$follower"
  if [ $follow_anew = yes ]; then
    systemctl daemon-reload
    systemctl restart --no-block "$follower"
  fi
}

# run_beside NAME PROGRAM SERVICE: keeps a program running beside K3s, or none where it has no unit. A new program or unit
# takes the place of the one that runs. It begins when K3s has started, which is waited for elsewhere, and not for ever.
run_beside() {
  local changed=no
  if [ -z "$3" ]; then
    stop_beside "$1"
    return
  fi
  put "/usr/local/sbin/$1" 0755 "$2"
  put "/etc/systemd/system/$1.service" 0644 "$3"
  systemctl daemon-reload
  systemctl enable --quiet "$1"
  if [ $changed = yes ]; then
    systemctl restart --no-block "$1"
  else
    systemctl start --no-block "$1"
  fi
}

# stop_beside NAME
stop_beside() {
  [ -e "/etc/systemd/system/$1.service" ] || return 0
  systemctl disable --quiet --now "$1" || true
  rm -f "/etc/systemd/system/$1.service" "/usr/local/sbin/$1"
}

# kubectl works for the administrator on every node (S0-33), from a file that is theirs alone.
write_kubeconfig() {
  local home kube
  home=$(getent passwd "$ADMIN" | cut -d: -f6)
  kube=$home/.kube
  install -d -m 0700 -o "$ADMIN" -g "$(id -g "$ADMIN")" "$kube"
  # The administrator's own, for another cluster, comes back when K3s goes. Where the profile stands,
  # the file is Fogline's.
  if [ -e "$kubeconfig" ] && [ ! -e "$profile" ]; then
    mv "$kubeconfig" "$kubeconfig.before-fogline"
  fi
  # shellcheck disable=SC2016 # expanded at login
  echo 'if [ -r "$HOME/.kube/config" ]; then export KUBECONFIG="$HOME/.kube/config"; fi' >"$profile"
  (umask 077 && printf '%s' "$KUBECONFIG_TEXT" >"$kube/config.part")
  chown "$ADMIN:" "$kube/config.part"
  mv "$kube/config.part" "$kube/config"
}

# What systemd calls this start of the unit, in its journal too.
start_id() { systemctl show --property InvocationID --value "$unit"; }

start() {
  local why
  if why=$(must_restart); then
    restart "$why"
  fi
}

# restart WHY
restart() {
  say "starting $unit: $1"
  # Written down, as an `up` that is cut off forgets: its next one waits for them.
  [ "$ROLE" = server ] || [ -e "$pods_before" ] || ready_pods >"$pods_before" || rm -f "$pods_before"
  rm -f "$started"
  former_start=$(start_id)
  systemctl daemon-reload
  systemctl enable --quiet "$unit"
  systemctl restart --no-block "$unit"
}

# Agents of earlier versions hold the server's token, with which root on one of them could add a server
# or replace the cluster's CA. It stays theirs as the agents' token; the server's becomes another one, which
# leaves this machine by no way.
take_server_token_from_agents() {
  local state=/var/lib/rancher/k3s/server held
  held=$(cat "$state/token")
  if [ "${held##*:}" = "${TOKEN##*:}" ]; then
    say "replacing the server's token, which agents know"
    k3s token rotate >&2
  fi
}

await_ready() {
  local deadline=$((SECONDS + ready_within)) told=$SECONDS
  until runs_as_wanted && node_ready; do
    ! is_refused || failed "the cluster keeps the name $NODE for a machine that had another password \
(/etc/rancher/node/password). Where that one is gone for good, on the server: sudo k3s kubectl delete node $NODE; \
sudo k3s kubectl delete secret -n kube-system $NODE.node-password.k3s; then run up again"
    [ $SECONDS -lt $deadline ] || failed "the node is not Ready after $ready_within s$(why_not_ready)"
    if [ $((SECONDS - told)) -ge 15 ]; then
      told=$SECONDS
      say "waiting for the node to be Ready ($unit is $(systemctl is-active "$unit" || true))$(why_not_ready)"
    fi
    sleep 1
  done
  say "the node is Ready"
}

# A line for each pod of this node that is ready: namespace/name.
# shellcheck disable=SC2016 # $pod is of the template
ready_pods() {
  k3s kubectl --kubeconfig "$kubeconfig" --request-timeout=10s get pods --all-namespaces \
    --field-selector "spec.nodeName=$NODE" --output 'go-template={{range .items}}{{$pod := .}}{{range .status.conditions}}{{if and (eq .type "Ready") (eq .status "True")}}{{$pod.metadata.namespace}}/{{$pod.metadata.name}}{{"\n"}}{{end}}{{end}}{{end}}' 2>/dev/null
}

# A line for each pod of this node: namespace/name.
all_pods() {
  k3s kubectl --kubeconfig "$kubeconfig" --request-timeout=10s get pods --all-namespaces \
    --field-selector "spec.nodeName=$NODE" --output 'go-template={{range .items}}{{.metadata.namespace}}/{{.metadata.name}}{{"\n"}}{{end}}' 2>/dev/null
}

# Containers outlive K3s' start; what was ready before it is so again before another node has its turn. Pods that are
# gone from here meanwhile are no longer this node's.
await_pods() {
  local deadline=$((SECONDS + pods_within)) missing ready there
  [ -e "$pods_before" ] || return 0
  while :; do
    if ready=$(ready_pods) && there=$(all_pods); then
      missing=$(comm -12 <(sort "$pods_before") <(sort <<<"$there") | comm -23 - <(sort <<<"$ready"))
      [ -n "$missing" ] || break
    fi
    if [ $SECONDS -ge $deadline ]; then
      rm -f "$pods_before"
      failed "pods that were ready before K3s was started anew are not again after $pods_within s: ${missing//$'\n'/, }. \
Nodes after this one are left as they are; run up again once these pods are ready"
    fi
    sleep 1
  done
  rm -f "$pods_before"
}

# The provisioner of local volumes may start any pod in kube-system, and so may root of the machine that
# it runs on. K3s leaves what it does not name itself as it is.
keep_provisioner() {
  patch kube-system deployment local-path-provisioner \
    '{"spec":{"template":{"spec":{"nodeSelector":{"node-role.kubernetes.io/control-plane":"true"}}}}}'
}

# patch NAMESPACE KIND NAME PATCH: changes an object that K3s or Kubernetes makes some time after a start.
patch() {
  local deadline=$((SECONDS + 120)) said
  until said=$(k3s kubectl --kubeconfig "$kubeconfig" --request-timeout=10s --namespace "$1" \
    patch "$2" "$3" --patch "$4" 2>&1); do
    if [ $SECONDS -ge $deadline ]; then
      say "cannot change the $2 $3 of the namespace $1: $said"
      exit 1
    fi
    sleep 1
  done
}

# is_refused: whether K3s says, since its last start, that another machine has the node's name.
is_refused() {
  local id
  id=$(start_id)
  [ -n "$id" ] && [ "$id" != "$former_start" ] && journalctl --quiet --no-pager --output=cat "_SYSTEMD_INVOCATION_ID=$id" \
    | grep -c 'Node password rejected' >/dev/null
}

# What kubelet of the version before said of the node may still stand there.
node_ready() {
  local version told
  [ -s "$kubeconfig" ] || return 1
  version=$(/usr/local/bin/k3s --version 2>/dev/null | sed -n '1s/^k3s version \(v[^ ]*\).*/\1/p') || true
  told=$(k3s kubectl --kubeconfig "$kubeconfig" --request-timeout=5s get node "$NODE" \
    -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status} {.status.nodeInfo.kubeletVersion}' 2>/dev/null) || return 1
  [[ $told = "True "${version:-*} ]]
}

# What kubelet says is missing, a network of the pods for instance; nothing where it says nothing.
why_not_ready() {
  local said
  [ -s "$kubeconfig" ] || return 0
  said=$(k3s kubectl --kubeconfig "$kubeconfig" --request-timeout=5s get node "$NODE" \
    -o 'jsonpath={.status.conditions[?(@.type=="Ready")].message}' 2>/dev/null) || return 0
  [ -z "$said" ] || printf ': %s' "$said"
}

remove() {
  if [ -e /usr/local/bin/k3s ] && ! own_link k3s; then
    say "its K3s (/usr/local/bin/k3s) is not Fogline's: left as it is"
    return
  fi
  systemctl disable --quiet --now "$follower" "$unit" || true
  stop_beside "$reacher"
  stop_beside "$gate"
  stop_beside "$leaser"
  # Containers outlive the unit on purpose (KillMode=process). Their processes are found by their
  # control groups; those of another process namespace read as 0 there.
  find /sys/fs/cgroup -path '*kubepods*' -name cgroup.procs -exec cat {} + 2>/dev/null \
    | grep -vx 0 | sort -u | xargs -r kill -9 2>/dev/null || true
  pkill -f '^/[^ ]*containerd-shim-runc-v2 .*k8s.io' || true
  pkill -f '/var/lib/rancher/k3s/agent/etc/containerd' || true
  awk '$2 ~ "^/(run/k3s|var/lib/rancher/k3s|var/lib/kubelet|run/netns/cni-)" {print $2}' \
    /proc/self/mounts | sort -r | xargs -r -n1 umount -l
  local link
  for link in flannel.1 cni0; do
    ip link delete "$link" 2>/dev/null || true
  done
  # Rules of pods and services; a machine's own rules stay. K3s brings iptables where there is none.
  local family PATH=$PATH:/var/lib/rancher/k3s/data/current/bin/aux rules='KUBE-|FLANNEL-|flannel'
  # Rules of port mappings have one name for all container runtimes.
  compgen -G '/etc/cni/net.d/*' >/dev/null || rules+='|CNI-'
  for family in iptables ip6tables; do
    if command -v $family-save >/dev/null; then
      $family-save | sed -E "/$rules/d" | $family-restore
    fi
  done
  if command -v nft >/dev/null; then
    nft list tables | awk '$3 ~ /^kube-/ {print "delete", $0}' | nft --file -
  fi
  # What K3s and kubectl leave besides: the node's password, logs of pods, what the API offered.
  rm -rf /etc/rancher/node /var/log/pods /var/log/containers /root/.kube/cache \
    "${kubeconfig%/*}/cache"
  # Other container runtimes keep their networks beside that of K3s' pods, which is called cbr0.
  rm -rf /run/flannel /var/lib/cni/networks/cbr0 /var/lib/cni/results/cbr0-* \
    /var/lib/cni/cache/results/cbr0-*
  local name
  for name in kubectl crictl; do
    ! own_link "$name" || rm -f "/usr/local/bin/$name"
  done
  # In this order, a removal that was cut off and goes on never meets the administrator's own.
  if [ "$ROLE" != server ]; then
    [ ! -e "$profile" ] || rm -f "$kubeconfig"
    rm -f "$profile"
    [ ! -e "$kubeconfig.before-fogline" ] || mv "$kubeconfig.before-fogline" "$kubeconfig"
  fi
  rm -rf "$etc" /var/lib/rancher/k3s /var/lib/kubelet /run/k3s "$started" "$pods_before" "$tunables" \
    "/etc/systemd/system/"{"$unit","$follower"}.service "/usr/local/sbin/$follower"
  # The link by which a K3s is known as Fogline's goes last, so that a removal that was cut off goes on.
  rm -rf /usr/local/lib/fogline
  rm -f /usr/local/bin/k3s
  # Empty folders that were made for what is gone.
  local folder
  for folder in /etc/rancher /var/lib/rancher /var/lib/cni /opt/containerd /usr/libexec/kubernetes \
    /root/.kube "${kubeconfig%/*}"; do
    [ ! -d "$folder" ] || find "$folder" -depth -type d -empty -delete
  done
  systemctl daemon-reload
}

if [ "$ROLE" = server ]; then
  kubeconfig=$etc/k3s.yaml
else
  kubeconfig=$(getent passwd "$ADMIN" | cut -d: -f6)/.kube/config
fi

case $1 in
  create | update)
    refuse_another_k3s
    refuse_changes
    [ "$ROLE" = server ] || check_clock
    install_binary
    write_config
    follow_interface
    [ "$ROLE" = server ] || write_kubeconfig
    start
    keep_following
    run_beside "$reacher" "$REACH" "$REACH_SERVICE"
    run_beside "$gate" "$GATE" "$GATE_SERVICE"
    run_beside "$leaser" "$LEASES" "$LEASES_SERVICE"
    await_ready
    await_pods
    if [ "$ROLE" = server ]; then
      take_server_token_from_agents
      finish_encryption
      keep_provisioner
      keep_default_accounts
      cat /var/lib/rancher/k3s/server/agent-token
      print_secrets
      cat "$kubeconfig"
    fi
    ;;
  delete)
    remove
    ;;
esac
