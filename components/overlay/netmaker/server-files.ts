/**
 * Files of the Netmaker server's machine: settings of the server, of its broker and of the proxy before
 * both, and the units that run them. Pure.
 */
import type { NetmakerSettings } from "../../../config/netmaker.ts";
import { environmentFile, unitFile, type Section } from "../../remote/unit-file.ts";

type Database = NetmakerSettings["database"];

export interface ServerFilesArgs {
  /** What the API is called by: a DNS name or the machine's public address. */
  readonly host: string;
  /** Whether `host` is a DNS name, for which a well-known authority signs. */
  readonly isDomain: boolean;
  /** The machine's public address. */
  readonly address: string;
  readonly database: Database;
  /** Path of the server's program. */
  readonly program: string;
  /** Folder of the web application; empty for none. */
  readonly ui: string;
}

const ETC = "/etc/fogline-netmaker";
const LIB = "/var/lib/fogline-netmaker";
const PROXY_LIB = "/var/lib/fogline-netmaker-proxy";
const BROKER = "fogline-netmaker-broker.service";
/** Loopback ports: the server's API, and the broker's for the server and for the proxy. */
const API_PORT = 8081;
const BROKER_PORT = 1883;
const BROKER_WEBSOCKET_PORT = 8083;

/**
 * Release 1.5.1 asks three public services for its own address at its start, and again for each key that it
 * lists and each member that it tells anything; it asks others where members are. It uses none of the
 * answers here, where its addresses are set, and its unit lets no packet out: it would wait for ten seconds
 * each time. By a proxy that is not there it is refused at once.
 */
const NOWHERE = "http://127.0.0.1:9";

/** What a service of the server may not do (systemd.exec(5)), and that it is started again. */
const HARDENED = {
  Restart: "on-failure",
  RestartSec: "2s",
  UMask: "0077",
  NoNewPrivileges: "yes",
  CapabilityBoundingSet: "",
  ProtectSystem: "strict",
  ProtectHome: "yes",
  PrivateTmp: "yes",
  PrivateDevices: "yes",
  ProtectKernelTunables: "yes",
  ProtectKernelModules: "yes",
  ProtectControlGroups: "yes",
  RestrictSUIDSGID: "yes",
  RestrictNamespaces: "yes",
  LockPersonality: "yes",
  RestrictAddressFamilies: "AF_INET AF_INET6 AF_UNIX AF_NETLINK",
};
const LOCAL_ALONE = { IPAddressDeny: "any", IPAddressAllow: "localhost" };
const AT_BOOT = { WantedBy: "multi-user.target" };

/** Unit that the server's database runs in; empty for none. */
const DATABASE_UNITS: Readonly<Record<Database, string>> = {
  sqlite: "",
  postgres: "postgresql.service",
};

/**
 * What the server is told of its database. `database/*.sh` make it, and know the values of what is marked.
 */
const DATABASE_SETTINGS: Readonly<Record<Database, Readonly<Record<string, string>>>> = {
  sqlite: { DATABASE: "sqlite" },
  postgres: {
    DATABASE: "postgres",
    SQL_HOST: "127.0.0.1",
    SQL_PORT: "@SQL_PORT@",
    SQL_DB: "@RECORDS@",
    SQL_USER: "@RECORDS@",
    SQL_PASS: "@SQL_PASSWORD@",
  },
};

/** Names of the files as values of `server.sh`. */
export const SERVER_FILES = [
  ...(["SERVER_ENV", "SERVER_SERVICE", "BROKER_CONF", "BROKER_SERVICE"] as const),
  ...(["CADDYFILE", "PROXY_SERVICE", "BACKUP_SERVICE", "BACKUP_TIMER"] as const),
];

/** Text of each file. */
export type ServerFiles = Record<(typeof SERVER_FILES)[number], string>;

/**
 * Text of each file of the machine but for passwords, which are made there: `server.sh` fills them in for
 * marks of the form `@NAME@`. Services are started anew when their files change, so that another form of the
 * same content costs every running server a restart.
 */
export function serverFiles(args: ServerFilesArgs): ServerFiles {
  return {
    SERVER_ENV: serverEnvironment(args),
    SERVER_SERVICE: serverService(args),
    BROKER_CONF: brokerConf(),
    BROKER_SERVICE: brokerService(),
    CADDYFILE: caddyfile(args),
    PROXY_SERVICE: proxyService(args),
    BACKUP_SERVICE: backupService(args),
    BACKUP_TIMER: unitFile({
      Unit: { Description: "Back up the Netmaker server's database every day" },
      Timer: { OnCalendar: "daily", RandomizedDelaySec: "1h", Persistent: "true" },
      Install: { WantedBy: "timers.target" },
    }),
  };
}

function serverEnvironment({ host, database }: ServerFilesArgs): string {
  return environmentFile({
    SERVER_NAME: host,
    SERVER_HTTP_HOST: host,
    SERVER_API_CONN_STRING: `${host}:443`,
    SERVER_HOST: "127.0.0.1",
    API_PORT: String(API_PORT),
    BROKER_TYPE: "mosquitto",
    BROKER_ENDPOINT: `wss://${host}/mqtt`,
    SERVER_BROKER_ENDPOINT: `mqtt://127.0.0.1:${BROKER_PORT}`,
    MQ_USERNAME: "netmaker",
    MQ_PASSWORD: "@BROKER_PASSWORD@",
    MASTER_KEY: "@MASTER_KEY@",
    ...DATABASE_SETTINGS[database],
    DNS_MODE: "off",
    STUN: "false",
    TELEMETRY: "off",
    METRICS_EXPORTER: "off",
    NETCLIENT_AUTO_UPDATE: "disabled",
    MANAGE_DNS: "false",
    HTTP_PROXY: NOWHERE,
    HTTPS_PROXY: NOWHERE,
    VERBOSITY: "1",
  });
}

function serverService({ database, program }: ServerFilesArgs): string {
  const before = `network-online.target ${BROKER} ${DATABASE_UNITS[database]}`;
  return unitFile({
    Unit: {
      Description: "Netmaker server",
      StartLimitIntervalSec: {
        why: "It ends when it does not find its broker, or its database, at the start: it is started until it does.",
        value: "0",
      },
      Wants: before,
      After: before,
    },
    Service: {
      User: "fogline-netmaker",
      ExecStart: program,
      EnvironmentFile: `${ETC}/server.env`,
      ...stateIn("fogline-netmaker"),
      WorkingDirectory: LIB,
      ...HARDENED,
      IPAddressDeny: {
        why: "It listens on every address; the proxy alone may reach it.",
        value: LOCAL_ALONE.IPAddressDeny,
      },
      IPAddressAllow: LOCAL_ALONE.IPAddressAllow,
    },
    Install: AT_BOOT,
  });
}

function brokerConf(): string {
  return `per_listener_settings false
allow_anonymous false
password_file ${ETC}/broker-users
persistence true
persistence_location /var/lib/fogline-netmaker-broker/
log_dest stderr
listener ${BROKER_PORT} 127.0.0.1
listener ${BROKER_WEBSOCKET_PORT} 127.0.0.1
protocol websockets
`;
}

function brokerService(): string {
  return unitFile({
    Unit: {
      Description: "Message broker of the Netmaker server",
      StartLimitIntervalSec: "0",
      After: "network-online.target",
    },
    Service: {
      User: "mosquitto",
      ExecStart: `/usr/sbin/mosquitto -c ${ETC}/mosquitto.conf`,
      ...stateIn("fogline-netmaker-broker"),
      ...HARDENED,
      ...LOCAL_ALONE,
    },
    Install: AT_BOOT,
  });
}

/** Who asks for an address names no host: the certificate is that of the address all the same. */
function caddyfile({ host, isDomain, ui }: ServerFilesArgs): string {
  return `{
	admin off
	auto_https disable_redirects
${isDomain ? "" : `	skip_install_trust\n	default_sni ${host}`}
}

https://${host} {
${isDomain ? "" : "	tls internal"}
	handle /mqtt* {
		reverse_proxy 127.0.0.1:${BROKER_WEBSOCKET_PORT}
	}
	handle ${ui === "" ? "" : "@server"} {
		reverse_proxy 127.0.0.1:${API_PORT}
	}
${ui === "" ? "" : uiSite(host, ui)}
}
`;
}

/**
 * The part of the site that serves the web application: every path that is not the server's. Its
 * configuration is a file that it looks for beside its own; it asks the API where it came from.
 */
function uiSite(host: string, folder: string): string {
  return `	@server path /api /api/* /meshclient/*
	handle /nmui-config.js {
		header Content-Type text/javascript
		header Cache-Control no-cache
		respond "window.NMUI_BACKEND_URL='https://${host}';"
	}
	handle {
		header X-Frame-Options DENY
		root * ${folder}
		try_files {path} /index.html
		file_server
	}`;
}

function proxyService({ address }: ServerFilesArgs): string {
  return unitFile({
    Unit: {
      Description: "TLS before the Netmaker server",
      StartLimitIntervalSec: "0",
      Wants: "network-online.target",
      After: "network-online.target",
    },
    Service: {
      User: "caddy",
      ExecStartPre: {
        why: "This machine's own netclient asks by the public address, which the cloud translates for others alone.",
        value: `+/usr/sbin/ip address replace ${address}/32 dev lo scope host`,
      },
      ExecStopPost: `+/usr/sbin/ip address delete ${address}/32 dev lo`,
      ExecStart: `/usr/bin/caddy run --config ${ETC}/Caddyfile --adapter caddyfile`,
      Environment: `XDG_DATA_HOME=${PROXY_LIB} XDG_CONFIG_HOME=${PROXY_LIB}`,
      ...stateIn("fogline-netmaker-proxy"),
      AmbientCapabilities: "CAP_NET_BIND_SERVICE",
      ...HARDENED,
      CapabilityBoundingSet: "CAP_NET_BIND_SERVICE",
    },
    Install: AT_BOOT,
  });
}

function backupService({ database }: ServerFilesArgs): string {
  return unitFile({
    Unit: {
      Description: "Back up the Netmaker server's database",
      After: DATABASE_UNITS[database],
    },
    Service: {
      Type: "oneshot",
      User: "fogline-netmaker",
      EnvironmentFile: `${ETC}/server.env`,
      ExecStart: "/usr/local/sbin/fogline-netmaker-backup",
      ...stateIn("fogline-netmaker"),
      ...HARDENED,
    },
  });
}

function stateIn(folder: string): Section {
  return { StateDirectory: folder, StateDirectoryMode: "0700" };
}
