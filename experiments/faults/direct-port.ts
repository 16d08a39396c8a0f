/**
 * A port of a machine that leads to the website's pod there and nothing between, for experiments with one server. No
 * fault, but undone like one: the machine passes it on by its kernel (DNAT), as a container's published port is, and
 * visitors' addresses are let through to the pod, which otherwise the cluster alone may ask.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { z } from "zod";

import type { Fault } from "../model.ts";
import type { Site } from "../site.ts";
import type { FaultKind } from "./index.ts";

/** None of the program's own. */
export const PORT = 7080;
const NAMESPACE = "website";
const NAME = "experiment-direct";

/** Tries once in 0.1 s for about 30 s to open a connection, and says so when it is open. */
const ASK = `for i in {1..100}; do
  if timeout 0.3 bash -c 'exec 3<>"/dev/tcp/$1/$2"' - "$1" "$2" 2>/dev/null; then echo open; exit; fi
  sleep 0.1
done`;

const PODS = z.object({
  items: z.array(
    z.object({
      spec: z.object({
        nodeName: z.string().optional(),
        containers: z.array(
          z.object({
            ports: z
              .array(z.object({ name: z.string().optional(), containerPort: z.int() }))
              .optional(),
          }),
        ),
      }),
      status: z.object({
        podIP: z.string().optional(),
        conditions: z.array(z.object({ type: z.string(), status: z.string() })).optional(),
      }),
    }),
  ),
});

export const directPort: FaultKind<Extract<Fault, { kind: "direct-port" }>> = {
  describe: ({ machine }) => `passes the port ${PORT} of ${machine} on to its pod`,
  subject: ({ machine }) => machine.toLowerCase(),
  // Before the load begins, which goes there.
  prepare: async (site, { machine }) => {
    const address = await site.addressOf(machine);
    const pod = await podOn(site, machine);
    await allow(site, pod.port);
    await site.onMachine(machine, forwarding(address, pod));
    await untilOpen(site, machine, address);
  },
  inject: () => Promise.resolve(),
  recover: () => Promise.resolve(),
  clear: async (site, { machine }) => {
    await site.onMachine(machine, removal());
    const policy = ["networkpolicy", NAME, `--namespace=${NAMESPACE}`];
    await site.kubectl("delete", ...policy, "--ignore-not-found");
  },
};

interface Pod {
  readonly address: string;
  readonly port: number;
}

async function podOn(site: Site, machine: string): Promise<Pod> {
  const label = ["--selector=app=website", `--namespace=${NAMESPACE}`];
  const list = await site.kubectl("get", "pods", ...label, "--output=json");
  const { items } = PODS.parse(JSON.parse(list));
  const found = items.flatMap(({ spec, status }): Pod[] => {
    const port = spec.containers
      .flatMap(({ ports = [] }) => ports)
      .find(({ name }) => name === "http")?.containerPort;
    const isReady = status.conditions?.some(
      (each) => each.type === "Ready" && each.status === "True",
    );
    return spec.nodeName === machine.toLowerCase() &&
      isReady === true &&
      status.podIP !== undefined &&
      port !== undefined
      ? [{ address: status.podIP, port }]
      : [];
  });
  if (found[0] === undefined) {
    throw new Error(
      `${machine} has no pod of the website that is Ready and could be asked directly`,
    );
  }
  return found[0];
}

async function allow(site: Site, port: number): Promise<void> {
  const policy = {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: NAME, namespace: NAMESPACE },
    spec: {
      podSelector: { matchLabels: { app: "website" } },
      policyTypes: ["Ingress"],
      ingress: [{ ports: [{ protocol: "TCP", port }] }],
    },
  };
  const folder = mkdtempSync(join(tmpdir(), "fogline-target-"));
  try {
    const file = join(folder, "policy.json");
    writeFileSync(file, JSON.stringify(policy));
    await site.kubectl("apply", `--filename=${file}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function forwarding(address: string, pod: Pod): string {
  return `${removal()}
nft -f - <<'RULES'
table ip ${NAME} {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    ip daddr ${address} tcp dport ${PORT} dnat to ${pod.address}:${pod.port}
  }
}
RULES`;
}

/** Removes the table, also where there is none. */
function removal(): string {
  return `nft -f - <<'RULES'
table ip ${NAME}
delete table ip ${NAME}
RULES`;
}

/** Policies and rules are in force some time after they are made. */
async function untilOpen(site: Site, machine: string, address: string): Promise<void> {
  await using asking = site.visit("bash", "-c", ASK, "bash", address, String(PORT));
  let isOpen = false;
  for await (const line of asking.lines) {
    isOpen ||= line === "open";
  }
  if (!isOpen) {
    throw new Error(
      `${machine}: nobody answers at ${address}:${PORT}, which leads to its pod. ` +
        "fix: name an edge device on the visitors' LAN; a cloud lets no such port in",
    );
  }
}
