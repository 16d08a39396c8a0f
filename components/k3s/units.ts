/** What runs K3s on a machine: units, and programs beside it. */
import type { Timers } from "../../config/failover.ts";
import type { Settings } from "../../config/schema.ts";
import type { Machine } from "../machine.ts";
import type { Values } from "../remote/render.ts";
import { readScript } from "../remote/script.ts";
import { unitFile, type Section } from "../remote/unit-file.ts";
import { clientEnvironment } from "./api-client.ts";
import { kubeletConfig } from "./config.ts";
import { gateService } from "./gate.ts";
import {
  FOLLOW_PROGRAM,
  FOLLOW_ROUTES_PROGRAM,
  GATE_PROGRAM,
  INPUTS_PROGRAM,
  LEASES_PROGRAM,
  REACH_PROGRAM,
} from "./scripts.ts";

/** Paths that `install.sh` has as well. */
const INPUTS = "/usr/local/lib/fogline/k3s-inputs";
const STARTED = "/run/fogline-k3s-inputs";
/** Certificates, which the CIS benchmark wants closed as keys are (1.1.20, 4.1.7). */
const CERTIFICATES = "/var/lib/rancher/k3s/agent/*.crt /var/lib/rancher/k3s/server/tls/*.crt";
const FOLLOWER = "/usr/local/sbin/fogline-k3s-follow";
const REACHER = "/usr/local/sbin/fogline-k3s-reach";
const GATE = "/usr/local/sbin/fogline-k3s-gate";
const LEASER = "/usr/local/sbin/fogline-k3s-leases";

/**
 * How long nodes keep their leases after their server has started, seconds: WireGuard's 15 until a new session is begun, 5
 * more where the first try is lost, kubelet's pause of 7, and time for a busy machine. Kubernetes' own 50 s need none.
 */
const LEASES_KEPT_SECONDS = 40;

/**
 * Values of `install.sh`: the text of units' files, the programs that they run, and what kubelet reads besides.
 *
 * A server is not told at once to give nodes up earlier where their leases are shortened with it: a step after
 * their own does it (`HOLD`).
 *
 * @param interfaceName network interface that leads to the other nodes; unset for that of the default route
 * @param network addresses of pods, of which each node has a part, and how their packets get to other nodes
 */
export function unitValues(
  role: Machine["role"],
  interfaceName: string | undefined,
  timers: Timers,
  network: Pick<Settings["k3s"], "podRange" | "flannelBackend">,
): Values {
  const { podRange, flannelBackend } = network;
  const kubelet = kubeletConfig(timers);
  // Ingress controllers run on agents alone. The routes that are watched are flannel's.
  const isVisited = role === "agent";
  const isReached = isVisited && timers.silenceMs > 0 && flannelBackend !== "none";
  const isKept = role === "server" && timers.graceSeconds < LEASES_KEPT_SECONDS;
  return {
    KUBELET: kubelet,
    HOLD: role === "server" && kubelet !== "" ? "yes" : "no",
    SERVICE: k3sService(role, interfaceName, timers),
    INPUTS: readScript(INPUTS_PROGRAM),
    ...followValues(role, interfaceName, network),
    REACH: isReached ? readScript(REACH_PROGRAM) : "",
    REACH_SERVICE: isReached ? reachService(podRange, timers.silenceMs) : "",
    LEASES: isKept ? readScript(LEASES_PROGRAM) : "",
    LEASES_SERVICE: isKept ? LEASES_SERVICE : "",
    GATE: isVisited ? readScript(GATE_PROGRAM) : "",
    GATE_SERVICE: isVisited ? gateService(GATE) : "",
  };
}

/** K3s is started anew when this text is another one. */
function k3sService(
  role: Machine["role"],
  interfaceName: string | undefined,
  timers: Timers,
): string {
  const tunnel = interfaceName === undefined ? "" : ` wg-quick@${interfaceName}.service`;
  return unitFile({
    Unit: {
      Description: `K3s ${role}`,
      Wants: {
        why: "The node's address is the overlay's: K3s must find it there.",
        value: "network-online.target",
      },
      After: `network-online.target netclient.service${tunnel}`,
    },
    Service: {
      Type: "notify",
      ...environment(role, timers),
      // The unit notes what it starts with, whoever starts it.
      ExecStartPre: `/bin/sh -c 'umask 077; exec ${INPUTS} >${STARTED}'`,
      ExecStart: `/usr/local/bin/k3s ${role}`,
      // Some are written with a mode that others may read, at each start anew. Nobody but root needs them.
      ExecStartPost: `-/bin/sh -c 'chmod -f 0600 ${CERTIFICATES}; true'`,
      KillMode: "process",
      Delegate: "yes",
      LimitNOFILE: "1048576",
      LimitNPROC: "infinity",
      LimitCORE: "infinity",
      TasksMax: "infinity",
      TimeoutStartSec: "0",
      Restart: "always",
      RestartSec: "2s",
    },
    Install: { WantedBy: "multi-user.target" },
  });
}

/** A server's own clients use its loopback interface, where no connection dies unseen. */
function environment(role: Machine["role"], timers: Timers): Section {
  const lines = Object.entries(clientEnvironment(timers)).map(
    ([name, value]) => `${name}=${value}`,
  );
  return lines.length === 0 || role === "server" ? {} : { Environment: lines };
}

/** A network that is somebody else's is looked after by them. */
function followValues(
  role: Machine["role"],
  interfaceName = "",
  { podRange, flannelBackend }: Pick<Settings["k3s"], "podRange" | "flannelBackend">,
): Pick<Values, "FOLLOW" | "FOLLOW_SERVICE"> {
  switch (flannelBackend) {
    case "vxlan":
      return {
        FOLLOW: readScript(FOLLOW_PROGRAM),
        FOLLOW_SERVICE: followService(role, interfaceName),
      };
    case "host-gw":
      return {
        FOLLOW: readScript(FOLLOW_ROUTES_PROGRAM),
        FOLLOW_SERVICE: followService(role, `${interfaceName} ${podRange}`),
      };
    case "none":
      return { FOLLOW: "", FOLLOW_SERVICE: "" };
  }
}

function followService(role: Machine["role"], rest: string): string {
  const unit = role === "server" ? "k3s.service" : "k3s-agent.service";
  return unitFile({
    Unit: {
      Description: "Have K3s make the pods' network anew when the interface under it was made anew",
      After: unit,
    },
    Service: {
      ExecStart: `${FOLLOWER} ${unit} ${rest}`,
      Restart: "always",
      RestartSec: "5s",
    },
    Install: { WantedBy: "multi-user.target" },
  });
}

function reachService(podRange: string, silenceMs: number): string {
  return unitFile({
    Unit: {
      Description: "Refuse this node's connections to pods of nodes that are silent",
      After: "k3s-agent.service",
    },
    Service: {
      ExecStart: `${REACHER} watch ${podRange} ${silenceMs}`,
      ExecStopPost: `${REACHER} clear`,
      Nice: {
        why: "On a busy node it must ask in time, or it takes the others for silent.",
        value: "-10",
      },
      Restart: "always",
      RestartSec: "5s",
    },
    Install: { WantedBy: "multi-user.target" },
  });
}

/** It begins when K3s has started, whoever started it, and is not waited for. */
const LEASES_SERVICE = unitFile({
  Unit: {
    Description: "Have nodes keep their leases while their server has just started",
    After: "k3s.service",
    PartOf: "k3s.service",
  },
  Service: {
    ExecStart: `${LEASER} ${LEASES_KEPT_SECONDS}`,
    Nice: {
      why: "On a busy server it must be in time.",
      value: "-10",
    },
  },
  Install: { WantedBy: "k3s.service" },
});
