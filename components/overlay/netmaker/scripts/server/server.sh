# shellcheck shell=bash
# Runs Netmaker's server on this machine: the server itself with its database, Mosquitto as its broker,
# Caddy before both. Keys and passwords are made here and stay here, but for the super-admin's, which
# the program gives: it is made before anybody else can reach the API.
# Parts before it: files.sh, tools.sh, first-boot.sh, program.sh, ui.sh and one of database/
# Values: those of the parts, HOST (DNS name or public address), DOMAIN (yes for a DNS name), ADMIN,
#         PASSWORD, BACKUP and RESTORE (programs), and the files SERVER_ENV (with marks for what is made
#         here), BROKER_CONF and CADDYFILE, and of units SERVER_SERVICE, BROKER_SERVICE, PROXY_SERVICE,
#         BACKUP_SERVICE and BACKUP_TIMER
# Prints the certificate of the authority to trust; nothing where it is a well-known one.
# shellcheck disable=SC2154 # database_marks: of the part of database/
set -euo pipefail
etc=/etc/fogline-netmaker
lib=/var/lib/fogline-netmaker
api=http://127.0.0.1:8081
units=/etc/systemd/system
services=(fogline-netmaker fogline-netmaker-broker fogline-netmaker-proxy)
authority=/var/lib/fogline-netmaker-proxy/caddy/pki/authorities/local/root.crt
trusted=/usr/local/share/ca-certificates/fogline-netmaker.crt
limit=90 # seconds for the server to answer

failed() {
  say "$1"
  journalctl --no-pager --output=cat -n 15 -u "$2" >&2 || true
  exit 1
}

# What the server is made of, and the programs that a member's scripts call: this is the master's first step.
provide_packages() {
  local package tools servers=()
  tools=$(lacking "${MEMBER_TOOLS[@]}")
  for package in mosquitto caddy "$DATABASE_PACKAGE"; do
    # shellcheck disable=SC2016 # dpkg's own words
    if [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
      servers+=("$package")
    fi
  done
  # The packages' own services would open ports that nobody asked for.
  [ ${#servers[@]} -eq 0 ] || systemctl mask --quiet caddy.service mosquitto.service
  [ -n "$tools${servers[*]}" ] || return 0
  await_first_boot
  # shellcheck disable=SC2086 # one word a package
  install_packages "" $tools "${servers[@]}"
}

# The network is in a database of one kind, and nothing moves it into the other.
refuse_other_database() {
  local has
  has=$(sed -n 's/^DATABASE=//p' "$etc/server.env" 2>/dev/null || true)
  if [ -n "$has" ] && [ "$has" != "$DATABASE" ]; then
    say "fogline:netmaker.database is $DATABASE, but the server here has its network in $has. Set it back to \
$has, or take the server away first: move to fogline:overlay.kind wireguard, then come back. Nothing was changed"
    exit 1
  fi
}

# kept NAME: a secret that is made once.
kept() {
  local file=$etc/$1
  if [ ! -s "$file" ]; then
    (umask 077 && openssl rand -hex 32 >"$file.part")
    mv "$file.part" "$file"
  fi
  cat "$file"
}

# fill TEXT MARK VALUE…: the text with each @MARK@ replaced; ends the script where one is left.
fill() {
  local text=$1
  shift
  while [ $# -gt 0 ]; do
    text=${text//@$1@/"$2"}
    shift 2
  done
  if [[ $text =~ @[A-Z_]+@ ]]; then
    say "nobody says what to fill in for ${BASH_REMATCH[0]}"
    exit 1
  fi
  printf '%s' "$text"
}

write_server() {
  local broker_password master_key settings
  broker_password=$(kept broker-password)
  master_key=$(kept master-key)
  settings=$(fill "$SERVER_ENV" BROKER_PASSWORD "$broker_password" MASTER_KEY "$master_key" \
    "${database_marks[@]}")
  put "$etc/server.env" 0600 "$settings"
  put "$units/fogline-netmaker.service" 0644 "$SERVER_SERVICE"
}

write_broker() {
  local line
  line=netmaker:$(kept broker-password)
  # Hashed with a salt of its own each time: made anew only for another password.
  if [ "$(cat "$etc/broker-users.of" 2>/dev/null)" != "$(sha256sum <<<"$line")" ]; then
    (umask 077 && printf '%s\n' "$line" >"$etc/broker-users.part")
    mosquitto_passwd -U "$etc/broker-users.part"
    chown root:mosquitto "$etc/broker-users.part"
    chmod 0640 "$etc/broker-users.part"
    mv "$etc/broker-users.part" "$etc/broker-users"
    put "$etc/broker-users.of" 0600 "$(sha256sum <<<"$line")"
  fi
  put "$etc/mosquitto.conf" 0644 "$BROKER_CONF"
  put "$units/fogline-netmaker-broker.service" 0644 "$BROKER_SERVICE"
}

write_proxy() {
  put "$etc/Caddyfile" 0644 "$CADDYFILE"
  put "$units/fogline-netmaker-proxy.service" 0644 "$PROXY_SERVICE"
}

write_backups() {
  put /usr/local/sbin/fogline-netmaker-backup 0755 "$BACKUP"
  put /usr/local/sbin/fogline-netmaker-restore 0755 "$RESTORE"
  put "$units/fogline-netmaker-backup.service" 0644 "$BACKUP_SERVICE"
  put "$units/fogline-netmaker-backup.timer" 0644 "$BACKUP_TIMER"
}

# run UNIT FILE…: starts it, or starts it anew where it was not started with these files. Those that a run
# wrote which was killed before the start count, too.
run() {
  local unit=$1 sums verb=start
  sums=$(sha256sum "$units/$unit" "${@:2}")
  systemctl enable --quiet "$unit"
  [ "$(cat "$etc/$unit.started" 2>/dev/null)" = "$sums" ] || verb=restart
  systemctl "$verb" "$unit" || failed "$unit does not start" "$unit"
  put "$etc/$unit.started" 0600 "$sums"
}

# await UNIT CURL-ARGUMENTS: until the health check answers there.
await() {
  local unit=$1 deadline=$((SECONDS + limit))
  shift
  until curl --fail --silent --output /dev/null --max-time 5 "$@"; do
    [ $SECONDS -lt $deadline ] || failed "$unit does not answer within $limit s" "$unit"
    sleep 0.2
  done
}

# Whoever comes first owns the server: nobody comes before the proxy runs.
make_owner() {
  if [ "$(curl --fail --silent --show-error --max-time 10 "$api/api/users/adm/hassuperadmin")" != true ]; then
    printf '{"username":"%s","password":"%s"}' "$ADMIN" "$PASSWORD" \
      | curl --fail --silent --show-error --max-time 30 --output /dev/null --data @- \
        --header 'Content-Type: application/json' "$api/api/users/adm/createsuperadmin" >&2
  fi
}

trust_authority() {
  local deadline=$((SECONDS + limit))
  until [ -s "$authority" ]; do
    [ $SECONDS -lt $deadline ] || failed "the proxy made no authority" fogline-netmaker-proxy
    sleep 0.2
  done
  if ! cmp -s "$authority" "$trusted"; then
    install -m 0644 "$authority" "$trusted"
    renew_trust
  fi
}

# Its warnings about what it skips are no news.
renew_trust() {
  local said
  said=$(update-ca-certificates "$@" 2>&1) || {
    say "update-ca-certificates: $said"
    exit 1
  }
}

remove() {
  systemctl disable --quiet --now fogline-netmaker-backup.timer "${services[@]}" 2>/dev/null || true
  # One that the timer has started would write where this removes.
  systemctl stop fogline-netmaker-backup.service 2>/dev/null || true
  rm -f "$units"/fogline-netmaker*.{service,timer} "$trusted" \
    /usr/local/sbin/fogline-netmaker-{backup,restore}
  forget_program netmaker
  forget_uis
  remove_database
  rm -rf "$etc" "$lib" /var/lib/fogline-netmaker-{broker,proxy} \
    /var/lib/systemd/timers/stamp-fogline-netmaker-backup.timer
  renew_trust --fresh
  systemctl daemon-reload
  userdel fogline-netmaker 2>/dev/null || true
}

case $1 in
  create | update)
    refuse_other_database
    provide_packages
    getent passwd fogline-netmaker >/dev/null \
      || useradd --system --home-dir "$lib" --shell /usr/sbin/nologin fogline-netmaker
    install -d -m 0755 "$etc"
    fetch_program netmaker
    unpack_ui
    make_database
    write_backups
    write_broker
    write_server
    systemctl daemon-reload
    run fogline-netmaker-broker.service "$etc/mosquitto.conf" "$etc/broker-users"
    run fogline-netmaker.service "$etc/server.env"
    systemctl enable --quiet --now fogline-netmaker-backup.timer
    await fogline-netmaker.service "$api/api/server/health"
    make_owner
    write_proxy
    systemctl daemon-reload
    run fogline-netmaker-proxy.service "$etc/Caddyfile"
    if [ "$DOMAIN" = yes ]; then
      await fogline-netmaker-proxy.service --connect-to "$HOST:443:127.0.0.1:443" "https://$HOST/api/server/health"
    else
      trust_authority
      await fogline-netmaker-proxy.service --cacert "$trusted" --connect-to "$HOST:443:127.0.0.1:443" \
        "https://$HOST/api/server/health"
    fi
    forget_uis "$UI"
    say "the Netmaker server answers at https://$HOST"
    # The result comes last: nothing can fail any more.
    [ "$DOMAIN" = yes ] || cat "$trusted"
    ;;
  delete)
    remove
    ;;
esac
