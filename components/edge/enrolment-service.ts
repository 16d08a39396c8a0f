/** The enrolment service of the hub: its programs, its units and the step that installs them. */
import { render, type Values } from "../remote/render.ts";
import { FILES_SCRIPT, readScript } from "../remote/script.ts";
import { unitFile } from "../remote/unit-file.ts";
import { scripts } from "./scripts.ts";

/** Installs the service and invites one device. */
export const INVITE_SCRIPT = [FILES_SCRIPT, ...scripts("departure.sh", "invite.sh")] as const;

/** Where the service listens. */
export interface EnrolmentHub {
  /** The hub's address in the overlay. */
  readonly address: string;
  readonly interfaceName: string;
  /** systemd unit that brings the interface up. */
  readonly unit: string;
  /** TCP port. */
  readonly port: string;
}

const LIBEXEC = "/usr/local/libexec";
const SOCKET = "fogline-enrolment.socket";
const SWEEP = "fogline-enrolment-sweep";

/** Everything that a service can be kept from and still read a few lines from a socket (systemd.exec(5)). */
const SANDBOX = {
  DynamicUser: "yes",
  CapabilityBoundingSet: "",
  PrivateNetwork: "yes",
  PrivateUsers: "yes",
  PrivateDevices: "yes",
  ProtectHome: "yes",
  ProtectProc: "invisible",
  ProcSubset: "pid",
  ProtectKernelTunables: "yes",
  ProtectKernelModules: "yes",
  ProtectKernelLogs: "yes",
  ProtectControlGroups: "yes",
  ProtectClock: "yes",
  ProtectHostname: "yes",
  RestrictNamespaces: "yes",
  RestrictAddressFamilies: "none",
  RestrictRealtime: "yes",
  LockPersonality: "yes",
  MemoryDenyWriteExecute: "yes",
  SystemCallArchitectures: "native",
  SystemCallFilter: ["@system-service", "~@privileged @resources"],
  SystemCallErrorNumber: "EPERM",
  UMask: "0077",
  LimitFSIZE: "4096",
  TasksMax: "16",
  MemoryMax: "64M",
};

/** Values of `invite.sh` that are the same for all devices: what the hub runs. */
export function serviceValues(hub: EnrolmentHub): Values {
  return {
    INTERFACE: hub.interfaceName,
    UNIT: hub.unit,
    PROGRAM: program(hub),
    READER: readScript(scripts("enrolment-request.sh")),
    ...enrolmentUnits(hub),
  };
}

/** The part that needs root. Its standard input is empty, so that it cannot read the connection. */
function program({ interfaceName, address, port }: EnrolmentHub): string {
  const values = { INTERFACE: interfaceName, HUB: address, PORT: port };
  return `#!/bin/bash\n${render(readScript(scripts("enrol.sh")), values)}`;
}

/** Text of each unit's file, by the name of its value in `invite.sh`. */
export function enrolmentUnits({
  address,
  port,
}: Pick<EnrolmentHub, "address" | "port">): Record<
  "SOCKET" | "SERVICE" | "SWEEP" | "TIMER" | "HOOK",
  string
> {
  return {
    SOCKET: unitFile({
      Unit: { Description: "Requests of devices that join with a bundle" },
      Socket: {
        ListenStream: `${address}:${port}`,
        // The address comes with the overlay.
        FreeBind: "yes",
        Accept: "yes",
        MaxConnections: "16",
        // One bundle's holder keeps no other device out.
        MaxConnectionsPerSource: "4",
      },
    }),
    SERVICE: unitFile({
      Unit: {
        Description: "Request of a device that joins with a bundle",
        CollectMode: "inactive-or-failed",
      },
      Service: {
        Type: "oneshot",
        // The second one runs as root, outside the sandbox (`+`), when the first has ended.
        ExecStart: [`${LIBEXEC}/fogline-enrolment-request`, `+${LIBEXEC}/fogline-enrol admit`],
        StandardInput: "socket",
        StandardOutput: "socket",
        StandardError: "journal",
        TimeoutStartSec: "30",
        RuntimeDirectory: "fogline-enrolment/%i",
        RuntimeDirectoryMode: "0700",
        ...SANDBOX,
      },
    }),
    SWEEP: unitFile({
      Unit: { Description: "Remove the peers of expired join bundles" },
      Service: { Type: "oneshot", ExecStart: `${LIBEXEC}/fogline-enrol sweep` },
    }),
    TIMER: unitFile({
      Unit: { Description: "Remove the peers of expired join bundles" },
      Timer: { OnActiveSec: "1min", OnUnitActiveSec: "5min" },
    }),
    // The filter is there before the first device can ask, after a restart of the hub as well.
    HOOK: unitFile({
      Service: {
        ExecStartPost: [
          `${LIBEXEC}/fogline-enrol open`,
          `systemctl --no-block start ${SOCKET} ${SWEEP}.timer`,
        ],
      },
    }),
  };
}
