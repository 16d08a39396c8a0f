#!/usr/bin/env bash
# The join bundle: makes this device a member of the overlay. Follows tools.sh, the parts that look a
# device over, and conf.sh.
# Values: those of its parts, ISSUE, HUB, PORT, EXPIRES (seconds since 1970), JOIN_CONF (of the tunnel for
#         joining), JOIN_KEY (the bundle's private key), CONF (the device's; empty where the hub tells it),
#         ADMIN, AUTHORIZED_KEY, LEAVE. Private keys stand in neither configuration.
# The device's private key is made here and stays here.
# shellcheck disable=SC2016,SC2153 # another bash expands; the values stand before the script
set -euo pipefail
home=$ROOT/var/lib/fogline
join_conf=$ROOT/run/fogline-join.conf
join_log=$ROOT/run/fogline-join.log
key=$ROOT/etc/wireguard/fogline0.key
conf=$ROOT/etc/wireguard/fogline0.conf
# Seconds to go on trying: somebody who watches can run this again, at a first boot nobody does.
if [ -t 2 ]; then patience=600; else patience=${PATIENCE:-3600}; fi
# Whether the hub has its request, and the operator's up has not let it in yet.
expected=no

check_bundle() {
  [ "$(id -u)" = 0 ] || refuse "run this as root: sudo bash ${0##*/}"
  if [ "$(cat "$home/joined" 2>/dev/null || true)" = "$NODE $ISSUE" ]; then
    say "has joined already; there is nothing left to do here"
    exit 0
  fi
  [ "$(date +%s)" -lt "$EXPIRES" ] \
    || refuse "this bundle expired $(utc "$EXPIRES") (this device's clock says $(utc "$(date +%s)")): ask the operator for a new one"
  check_device
  command -v sudo >/dev/null || problem "it has no sudo, by which the operator works here: apt install sudo"
  refuse_problems
  if [[ $(cat "$home/joined" 2>/dev/null) = "$NODE "* ]]; then
    say "leaves the stack that it joined with an earlier bundle"
    bash "$home/leave"
  fi
  [ ! -e "$conf" ] || refuse "it belongs to a stack already ($conf): take it out there first"
}

utc() { date -u -d "@$1" '+%F %R UTC'; }

# What is made here is noted, so that leaving takes exactly that away.
prepare_to_leave() {
  # A bundle of an earlier version began here under another name.
  [ ! -d "$home/guest" ] || mv -T "$home/guest" "$home/notes"
  mkdir -p "$home/notes"
  chmod 0700 "$home" "$home/notes"
  printf '%s\n' "$ADMIN" >"$home/notes/admin"
  printf '%s\n' "$AUTHORIZED_KEY" >"$home/notes/authorized-key"
  printf '%s' "$LEAVE" >"$home/leave"
  trap give_up EXIT
}

give_up() {
  local code=$?
  wg-quick down "$join_conf" >/dev/null 2>&1 || true
  rm -f "$join_conf" "$join_log"
  if [ $expected = yes ]; then
    say "keeps its key, by which the hub knows it: run this file again"
  elif [ $code -ne 0 ]; then
    bash "$home/leave" || say "could not put everything back"
    say "nothing was changed on this device"
  fi
}

# At a first boot the network, or the clock that packages' signatures go by, may not be there yet.
provide_tools() {
  local packages
  mapfile -t packages < <(lacking_here)
  [ ${#packages[@]} -gt 0 ] || return 0
  contained || sync_clock "$home/notes/clock"
  until install_packages "$home/notes/packages" "${packages[@]}"; do
    [ $SECONDS -lt "$patience" ] || refuse "cannot install ${packages[*]}: is it online?"
    sleep 5
  done
  # What is missing may have hidden something from the first look.
  check_device
  refuse_problems
}

make_key() {
  provide_tools
  # What is written from here on holds keys; packages brought their own modes.
  umask 077
  mkdir -p "${key%/*}"
  # The hub knows a device that began earlier by its key.
  [ -s "$key" ] || wg genkey >"$key"
}

# The operator's access: a user with the operator's key, over the overlay.
admit_operator() {
  local ssh
  if ! getent passwd "$ADMIN" >/dev/null; then
    touch "$home/notes/made-user"
    useradd --system --create-home --shell /bin/bash "$ADMIN"
  fi
  ssh=$(getent passwd "$ADMIN" | cut -d: -f6)/.ssh
  install -d -m 0700 -o "$ADMIN" -g "$(id -g "$ADMIN")" "$ssh"
  grep -qsxF -- "$AUTHORIZED_KEY" "$ssh/authorized_keys" \
    || printf '%s\n' "$AUTHORIZED_KEY" >>"$ssh/authorized_keys"
  chown "$ADMIN:" "$ssh/authorized_keys"
  (umask 0337 && echo "$ADMIN ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/fogline.part)
  mv /etc/sudoers.d/fogline.part /etc/sudoers.d/fogline
  ssh-keygen -A >/dev/null
  if ! systemctl is-active --quiet ssh.service && ! systemctl is-active --quiet ssh.socket; then
    touch "$home/notes/started-ssh"
    systemctl enable --quiet --now ssh.service
  fi
}

# Goes on until the hub answers: the network may come up later than this script.
ask_to_join() {
  local deadline=$((SECONDS + patience)) told=$SECONDS answer
  with_key "$JOIN_CONF" "$JOIN_KEY" >"$join_conf"
  # A file, as a pipe would stay open for as long as a WireGuard in user space runs.
  wg-quick up "$join_conf" >"$join_log" 2>&1 \
    || refuse "WireGuard does not start; the end of what wg-quick says: $(tail -n 4 "$join_log" | paste -s -d ' ')"
  say "asking the hub to let it in"
  until answer=$(ask) && [ "$answer" != wait ]; do
    [ "$answer" != wait ] || expected=yes
    [ $SECONDS -lt $deadline ] || [ $expected = no ] \
      || refuse "the hub has heard of it, but the operator's up has not let it in within $patience s"
    [ $SECONDS -lt $deadline ] || refuse "no answer from the hub within $patience s. Either this bundle was used up and withdrawn, or it has expired (good until $(utc "$EXPIRES"); this device's clock says $(utc "$(date +%s)")), or the network here blocks UDP to $(endpoint)"
    if [ $((SECONDS - told)) -ge 15 ]; then
      told=$SECONDS
      if [ $expected = yes ]; then
        say "waiting for the operator's up, which lets it in"
      else
        say "waiting for the hub at $(endpoint)"
      fi
    fi
    sleep 1
  done
  expected=no
  wg-quick down "$join_conf" >/dev/null 2>&1
  rm -f "$join_conf" "$join_log"
  [ "${answer%%$'\n'*}" = joined ] || refuse "the hub refused it: ${answer#refused }"
  [ -n "$CONF" ] || take_conf "${answer#*$'\n'}"
}

# take_conf TEXT: what the hub passes on makes a tunnel and nothing else; wg-quick would run commands.
take_conf() {
  ! grep -qvE '^(\[(Interface|Peer)\]|(Address|MTU|PrivateKey|PublicKey|AllowedIPs|Endpoint|PersistentKeepalive) = [^[:cntrl:]]+|(#[^[:cntrl:]]*)?)$' <<<"$1" \
    || refuse "the hub sent a configuration with lines that no tunnel of Fogline has: tell the operator"
  CONF=$1$'\n'
}

# One request; no answer fails.
ask() {
  local answer
  answer=$(request | timeout 15 bash -c \
    'exec 3<>"/dev/tcp/$1/$2" && cat >&3 && head -c 16384 <&3' ask "$HUB" "$PORT" 2>/dev/null) \
    && [ -n "$answer" ] && echo "$answer"
}

request() {
  echo "key $(wg pubkey <"$key")"
  echo "host-key $(cut -d' ' -f1,2 "$ROOT/etc/ssh/ssh_host_ed25519_key.pub")"
  echo "arch $(dpkg --print-architecture)"
  echo "os $(release PRETTY_NAME)"
  echo end
}

endpoint() { sed -n 's/^Endpoint = //p' <<<"$JOIN_CONF"; }

join_overlay() {
  local deadline=$((SECONDS + 90)) private
  IFS= read -r private <"$key"
  with_key "$CONF" "$private" >"$conf"
  echo "$NODE $ISSUE" >"$home/joined"
  systemctl enable --quiet --now wg-quick@fogline0.service
  # The pods' network of a device that joins anew went with the tunnel that it lay on.
  if systemctl is-active --quiet k3s-agent.service; then
    systemctl restart --no-block k3s-agent.service
  fi
  # A router at home may have the hub's address, too: only what comes out of the tunnel counts.
  until ping -q -c 1 -W 1 -I fogline0 "$HUB" >/dev/null \
    && wg show fogline0 latest-handshakes | awk '$2 > 0 { found = 1 } END { exit !found }'; do
    [ $SECONDS -lt $deadline ] || {
      say "was let in, but the hub does not answer yet; the tunnel goes on trying"
      return
    }
  done
}

check_bundle
prepare_to_leave
make_key
admit_operator
ask_to_join
join_overlay
say "has joined. The operator's up does the rest; this file is used up and can be deleted"
