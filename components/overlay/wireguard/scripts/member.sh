# shellcheck shell=bash
# Makes the machine a member of the overlay: writes fogline0.conf, keeps the tunnel up across
# reboots, waits until the hub answers with packets of full size.
# Values: those of files.sh, CONF (see conf.sh), HUB (address to reach; empty on the hub), MTU,
#         FORWARD, NAMES (for names.sh), WATCH (watch.sh, the program that looks after the tunnel of a
#         member that dials), WATCH_SERVICE and WATCH_TIMER (its units' files)
# Parts before it: files.sh, names.sh, stranded.sh, conf.sh
# shellcheck disable=SC2153 # the values stand before the script when it runs
set -euo pipefail
conf=/etc/wireguard/fogline0.conf
unit=wg-quick@fogline0.service
watch=fogline-overlay-watch
# Left by the join bundle on a device that came with one.
leave=/var/lib/fogline/leave
patience=${PATIENCE:-90} # seconds
deadline=$((SECONDS + patience))

failed() {
  say "$1"
  wg show fogline0 latest-handshakes >&2 || true
  journalctl --no-pager -n 10 -u "$unit" >&2 || true
  exit 1
}

# wg-quick brings addresses and routes up; a change of peers alone must not cut running tunnels.
apply() {
  local new
  new=$(write_conf "$conf" /etc/wireguard/fogline0.key) || {
    say "wg cannot load the configuration: the one that is there stays"
    exit 1
  }
  if systemctl is-active --quiet "$unit" && ip link show fogline0 >/dev/null 2>&1 \
    && [ "$(interface_part "$conf" 2>/dev/null)" = "$(interface_part "$new")" ]; then
    wg syncconf fogline0 <(for_wg "$new"; joined_peers) || {
      rm -f "$new"
      failed "wg does not take the configuration: the one that is there stays"
    }
    mv "$new" "$conf"
    systemctl enable --quiet "$unit"
  else
    start_anew "$new"
  fi
}

# start_anew FILE: brings the tunnel up with it, or with what was there before.
start_anew() {
  local before=
  if [ -e "$conf" ]; then
    before=$(mktemp "$conf.XXXXXX")
    cp -p "$conf" "$before"
  fi
  mv "$1" "$conf"
  systemctl enable --quiet "$unit"
  if systemctl restart "$unit"; then
    rm -f "$before"
  elif [ -n "$before" ]; then
    mv "$before" "$conf"
    systemctl restart "$unit" || true
    failed "the tunnel does not come up with the new configuration: the one before is back"
  else
    failed "the tunnel does not come up"
  fi
}

# Devices that joined by themselves, through a hub that takes join bundles.
joined_peers() {
  local program=/usr/local/libexec/fogline-enrol
  [ ! -x "$program" ] || "$program" peers
}

# Where a hub with this configuration is met.
place() { sed -n 's/^ListenPort = /port /p; s/^Address = /address /p' | sort | paste -s -d ' '; }

# Addresses of a hub's peers, a line each.
peers() { sed -n 's#^AllowedIPs = \([0-9.]*\)/32$#\1#p' | sort; }

# Nodes that this configuration cuts off move their pods away while they are still reached: the step of
# K3s that takes them out comes later. Whatever does not move in time ends with its node.
move_pods() {
  local address node
  [ -z "$HUB" ] && [ -e "$conf" ] && [ -e /etc/rancher/k3s/k3s.yaml ] || return 0
  while IFS= read -r address; do
    node=$(k3s kubectl --kubeconfig /etc/rancher/k3s/k3s.yaml --request-timeout=10s get nodes --output \
      'jsonpath={range .items[*]}{.metadata.name} {.status.addresses[?(@.type=="InternalIP")].address}{"\n"}{end}' \
      | awk -v address="$address" '$2 == address { print $1 }') || {
      say "the cluster's API does not answer: no pods are moved before members are cut off"
      return 0
    }
    [ -n "$node" ] || continue
    say "moving the pods of $node, which leaves, to other nodes"
    k3s kubectl --kubeconfig /etc/rancher/k3s/k3s.yaml --request-timeout=20s drain "$node" --ignore-daemonsets \
      --delete-emptydir-data --force --timeout=90s >&2 || say "not all pods of $node could move within 90 s"
  done < <(comm -23 <(peers <"$conf") <(peers <<<"$CONF"))
}

# interface_part FILE: what is said of this end.
interface_part() { sed '/^\[Peer\]/,$d' "$1"; }

# A router at home may have the hub's address, too: only what comes out of the tunnel counts.
shook_hands() { wg show fogline0 latest-handshakes | awk '$2 > 0 { found = 1 } END { exit !found }'; }

reach_hub() {
  local size=$((MTU - 28)) # 20 bytes of IPv4 and 8 of ICMP around ping's payload
  say "waiting for the hub $HUB"
  until ping -q -c 1 -W 1 -I fogline0 "$HUB" >/dev/null && shook_hands; do
    [ $SECONDS -lt $deadline ] \
      || failed "no answer from the hub $HUB within $patience s: is the hub's UDP port open?"
  done
  until ping -q -c 1 -W 1 -I fogline0 -M "do" -s "$size" "$HUB" >/dev/null; do
    [ $SECONDS -lt $deadline ] \
      || failed "packets of $MTU bytes do not reach the hub: lower fogline:overlay.pathMtu"
  done
}

keep_watch() {
  put "/usr/local/sbin/$watch" 0755 "$WATCH"
  put "/etc/systemd/system/$watch.service" 0644 "$WATCH_SERVICE"
  put "/etc/systemd/system/$watch.timer" 0644 "$WATCH_TIMER"
  systemctl daemon-reload
  systemctl enable --quiet --now "$watch.timer"
}

end_watch() {
  if [ -e "/etc/systemd/system/$watch.timer" ]; then
    systemctl disable --quiet --now "$watch.timer"
    rm -f "/usr/local/sbin/$watch" "/etc/systemd/system/$watch."{service,timer}
    systemctl daemon-reload
  fi
}

case $1 in
  create | update)
    if [ -z "$HUB" ]; then
      refuse_to_strand netmaker
      refuse_to_move "$([ ! -e "$conf" ] || place <"$conf")" "$(place <<<"$CONF")"
    fi
    if [ "$FORWARD" = yes ]; then
      echo net.ipv4.ip_forward=1 >/etc/sysctl.d/60-fogline.conf
      sysctl -q -p /etc/sysctl.d/60-fogline.conf
    fi
    move_pods
    apply
    if [ -n "$HUB" ]; then
      reach_hub
      keep_watch
    fi
    know_names "$NAMES"
    say "joined the overlay"
    ;;
  delete)
    end_watch
    know_names ""
    if [ -e "$leave" ]; then
      # This connection leads over the tunnel: the device leaves when it is over.
      # What fails there, as while another program holds dpkg's lock, is tried again for a while.
      systemd-run --quiet --collect --on-active=1 --timer-property=AccuracySec=100ms \
        --property=Restart=on-failure --property=RestartSec=30s \
        --property=StartLimitIntervalSec=1h --property=StartLimitBurst=10 bash "$leave"
    else
      systemctl disable --quiet --now "$unit"
      rm -f "$conf" /etc/sysctl.d/60-fogline.conf
    fi
    ;;
esac
