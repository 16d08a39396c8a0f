# shellcheck shell=bash
# Runs Netmaker's server on this machine: the server itself with its database, Mosquitto as its broker,
# Caddy before both. Keys and passwords are made here and stay here, but for the super-admin's, which
# the program gives: it is made before anybody else can reach the API.
# Parts before it: files.sh, tools.sh, program.sh, ui.sh and one of database/
# Values: those of the parts, HOST (DNS name or public address), DOMAIN (yes for a DNS name),
#         ADDRESS (the public one), ADMIN, PASSWORD, BACKUP and RESTORE (programs)
# Prints the certificate of the authority to trust; nothing where it is a well-known one.
etc=/etc/fogline-netmaker
lib=/var/lib/fogline-netmaker
api=http://127.0.0.1:8081
units=(fogline-netmaker fogline-netmaker-broker fogline-netmaker-proxy)
authority=/var/lib/fogline-netmaker-proxy/caddy/pki/authorities/local/root.crt
trusted=/usr/local/share/ca-certificates/fogline-netmaker.crt
limit=90 # seconds for the server to answer
# Release 1.5.1 asks three public services for its own address at its start, and again for each key that it
# lists and each member that it tells anything; it asks others where members are. It uses none of the answers
# here, where its addresses are set, and its unit lets no packet out: it would wait for ten seconds each time.
# By a proxy that is not there it is refused at once.
nowhere=http://127.0.0.1:9

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
  # shellcheck disable=SC2086 # one word a package
  [ -z "$tools${servers[*]}" ] || install_packages "" $tools "${servers[@]}"
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

write_server() {
  local program=$1 broker_password
  broker_password=$(kept broker-password)
  put "$etc/server.env" 0600 "SERVER_NAME=$HOST
SERVER_HTTP_HOST=$HOST
SERVER_API_CONN_STRING=$HOST:443
SERVER_HOST=127.0.0.1
API_PORT=8081
BROKER_TYPE=mosquitto
BROKER_ENDPOINT=wss://$HOST/mqtt
SERVER_BROKER_ENDPOINT=mqtt://127.0.0.1:1883
MQ_USERNAME=netmaker
MQ_PASSWORD=$broker_password
MASTER_KEY=$(kept master-key)
$DATABASE_SETTINGS
DNS_MODE=off
STUN=false
TELEMETRY=off
METRICS_EXPORTER=off
NETCLIENT_AUTO_UPDATE=disabled
MANAGE_DNS=false
HTTP_PROXY=$nowhere
HTTPS_PROXY=$nowhere
VERBOSITY=1"
  put /etc/systemd/system/fogline-netmaker.service 0644 "[Unit]
Description=Netmaker server
# It ends when it does not find its broker, or its database, at the start: it is started until it does.
StartLimitIntervalSec=0
Wants=network-online.target fogline-netmaker-broker.service $DATABASE_UNIT
After=network-online.target fogline-netmaker-broker.service $DATABASE_UNIT

[Service]
User=fogline-netmaker
ExecStart=$program
EnvironmentFile=$etc/server.env
StateDirectory=fogline-netmaker
StateDirectoryMode=0700
WorkingDirectory=$lib
$hardened
# It listens on every address; the proxy alone may reach it.
IPAddressDeny=any
IPAddressAllow=localhost

[Install]
WantedBy=multi-user.target"
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
  put "$etc/mosquitto.conf" 0644 "per_listener_settings false
allow_anonymous false
password_file $etc/broker-users
persistence true
persistence_location /var/lib/fogline-netmaker-broker/
log_dest stderr
listener 1883 127.0.0.1
listener 8083 127.0.0.1
protocol websockets"
  put /etc/systemd/system/fogline-netmaker-broker.service 0644 "[Unit]
Description=Message broker of the Netmaker server
StartLimitIntervalSec=0
After=network-online.target

[Service]
User=mosquitto
ExecStart=/usr/sbin/mosquitto -c $etc/mosquitto.conf
StateDirectory=fogline-netmaker-broker
StateDirectoryMode=0700
$hardened
IPAddressDeny=any
IPAddressAllow=localhost

[Install]
WantedBy=multi-user.target"
}

# Who asks for an address names no host: the certificate is that of the address all the same.
write_proxy() {
  local own="" globals=""
  if [ "$DOMAIN" != yes ]; then
    own="	tls internal"
    globals="	skip_install_trust
	default_sni $HOST"
  fi
  put "$etc/Caddyfile" 0644 "{
	admin off
	auto_https disable_redirects
$globals
}

https://$HOST {
$own
	handle /mqtt* {
		reverse_proxy 127.0.0.1:8083
	}
	handle ${UI:+@server} {
		reverse_proxy 127.0.0.1:8081
	}
$(ui_site)
}"
  put /etc/systemd/system/fogline-netmaker-proxy.service 0644 "[Unit]
Description=TLS before the Netmaker server
StartLimitIntervalSec=0
Wants=network-online.target
After=network-online.target

[Service]
User=caddy
# This machine's own netclient asks by the public address, which the cloud translates for others alone.
ExecStartPre=+/usr/sbin/ip address replace $ADDRESS/32 dev lo scope host
ExecStopPost=+/usr/sbin/ip address delete $ADDRESS/32 dev lo
ExecStart=/usr/bin/caddy run --config $etc/Caddyfile --adapter caddyfile
Environment=XDG_DATA_HOME=/var/lib/fogline-netmaker-proxy XDG_CONFIG_HOME=/var/lib/fogline-netmaker-proxy
StateDirectory=fogline-netmaker-proxy
StateDirectoryMode=0700
AmbientCapabilities=CAP_NET_BIND_SERVICE
${hardened/CapabilityBoundingSet=/CapabilityBoundingSet=CAP_NET_BIND_SERVICE}

[Install]
WantedBy=multi-user.target"
}

write_backups() {
  put /usr/local/sbin/fogline-netmaker-backup 0755 "$BACKUP"
  put /usr/local/sbin/fogline-netmaker-restore 0755 "$RESTORE"
  put /etc/systemd/system/fogline-netmaker-backup.service 0644 "[Unit]
Description=Back up the Netmaker server's database
After=$DATABASE_UNIT

[Service]
Type=oneshot
User=fogline-netmaker
EnvironmentFile=$etc/server.env
ExecStart=/usr/local/sbin/fogline-netmaker-backup
StateDirectory=fogline-netmaker
StateDirectoryMode=0700
$hardened"
  put /etc/systemd/system/fogline-netmaker-backup.timer 0644 "[Unit]
Description=Back up the Netmaker server's database every day

[Timer]
OnCalendar=daily
RandomizedDelaySec=1h
Persistent=true

[Install]
WantedBy=timers.target"
}

# run UNIT FILE…: starts it, or starts it anew where it was not started with these files. Those that a run
# wrote which was killed before the start count, too.
run() {
  local unit=$1 sums verb=start
  sums=$(sha256sum "/etc/systemd/system/$unit" "${@:2}")
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
  systemctl disable --quiet --now fogline-netmaker-backup.timer "${units[@]}" 2>/dev/null || true
  rm -f /etc/systemd/system/fogline-netmaker*.{service,timer} "$trusted" \
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

hardened="Restart=on-failure
RestartSec=2s
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
LockPersonality=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK"

case $1 in
  create | update)
    refuse_other_database
    provide_packages
    getent passwd fogline-netmaker >/dev/null \
      || useradd --system --home-dir "$lib" --shell /usr/sbin/nologin fogline-netmaker
    install -d -m 0755 "$etc"
    program=$(fetch_program netmaker)
    unpack_ui
    make_database
    write_backups
    write_broker
    write_server "$program"
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
