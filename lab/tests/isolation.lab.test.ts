/** Who reaches whom, probed from real pods and nodes: what the table of connections allows, no more. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { connections, GROUPS, type Peer, type PodGroup } from "../../apps/connections.ts";
import { inside } from "../testing/machines.ts";
import {
  applyObjects,
  kubectl,
  kubectlWaits,
  objects,
  outputs,
  until,
  websiteImage,
  websitePods,
  websiteSpread,
} from "../testing/lab.ts";

/** A namespace that is not ours: its pods reach each other and are bound by others' policies alone. */
const STRANGERS = "strangers";
const OURS = ["website", "ingress", "descheduler"];
const hub = outputs().overlay[0]?.address ?? "";
const TABLE = connections({ podRange: "10.42.0.0/16", apiServer: hub });

interface Asker extends PodGroup {
  readonly name: string;
  readonly node: string;
}

const pod = (name: string, { namespace, labels }: PodGroup, node: string): Asker => ({
  ...{ name, namespace, labels, node },
});
const stranger = { namespace: STRANGERS, labels: GROUPS.website.labels };
const ASKERS: readonly Asker[] = [
  pod("like-the-site", GROUPS.website, "workernode"),
  pod("like-the-site-pi", GROUPS.website, "raspberrypi"),
  pod("like-the-database", GROUPS.database, "raspberrypi"),
  pod("unlabelled", { namespace: "website", labels: { app: "other" } }, "workernode"),
  pod("like-the-descheduler", GROUPS.descheduler, "masternode"),
  pod("beside-the-ingress", { namespace: "ingress", labels: { app: "other" } }, "workernode"),
  // The database is on one of the cloud's nodes: one of these two is beside it.
  pod("on-master", stranger, "masternode"),
  pod("on-worker", stranger, "workernode"),
  pod("on-pi", stranger, "raspberrypi"),
];

interface Target {
  readonly name: string;
  readonly peer: Peer;
  /** Port that policies see. */
  readonly port: number;
  /** Addresses and ports that it is called by: its own, and its service's. */
  readonly addresses: readonly (readonly [string, number])[];
}

/** Where askers listen, too. */
const ASKERS_PORT = 8081;
/** The website's pod whose port 8081 is tried. No policy keeps it from itself. */
const OTHER_PORTS_POD = "like-the-site-pi";

const LISTEN = `require("node:net").createServer().listen(${ASKERS_PORT})`;

/** Node's own words: tries all at once, prints for each whether it opened within 3 s. */
const CONNECT = `
  const opens = ([host, port]) => new Promise((resolve) => {
    const socket = require("node:net").connect(port, host, () => resolve(true));
    socket.on("error", () => resolve(false));
    setTimeout(() => resolve(false), 3000);
  });
  Promise.all(JSON.parse(process.argv[1]).map(opens)).then((all) => {
    console.log(JSON.stringify(all));
    process.exit();
  });`;

function manifest({ namespace, name, labels, node }: Asker, image: string): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    // Not ready ever, so that no visitor of the website is sent to it.
    metadata: { name, namespace, labels },
    spec: {
      nodeName: node,
      tolerations: [{ operator: "Exists" }],
      terminationGracePeriodSeconds: 0,
      // Ours are namespaces that take no pod which could do more.
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 10001,
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: [
        {
          name: "asker",
          image,
          command: ["node", "-e", LISTEN],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
          readinessProbe: { exec: { command: ["false"] } },
        },
      ],
    },
  };
}

const covers = (peer: Peer, group: PodGroup): boolean =>
  // All pods are in the one range of pods that the table has.
  "range" in peer ? peer.range === "10.42.0.0/16" : same(peer, group);
const same = (one: Peer, other: Peer): boolean => JSON.stringify(one) === JSON.stringify(other);

/** What the table says: the asker may send it, and the target may take it. */
function isAllowed({ name, namespace, labels }: Asker, { peer, port }: Target): boolean {
  if (name === OTHER_PORTS_POD && port === ASKERS_PORT && same(peer, GROUPS.website)) {
    return true;
  }
  const asker = { namespace, labels };
  const known = TABLE.filter((each) => same(each.to, peer) && each.port === port);
  const sends = !OURS.includes(namespace) || known.some(({ from }) => same(from, asker));
  const isOurs = "namespace" in peer && OURS.includes(peer.namespace);
  return sends && (!isOurs || known.some(({ from }) => covers(from, asker)));
}

async function addressOf(
  kind: "pod" | "service",
  namespace: string,
  name: string,
): Promise<string> {
  const path = kind === "pod" ? "{.status.podIP}" : "{.spec.clusterIP}";
  return kubectl("get", kind, "-n", namespace, name, "-o", `jsonpath=${path}`);
}

async function findTargets(): Promise<Target[]> {
  const [site] = await websitePods();
  const [dns] = await objects<{ metadata: { name: string } }>(
    "pods",
    ...["-n", "kube-system", "-l", "k8s-app=kube-dns"],
  );
  const target = async (
    name: string,
    group: PodGroup,
    port: number,
    podName: string,
    service?: readonly [string, number],
  ): Promise<Target> => ({
    name,
    peer: group,
    port,
    addresses: [
      [await addressOf("pod", group.namespace, podName), port],
      ...(service === undefined
        ? []
        : [[await addressOf("service", group.namespace, service[0]), service[1]] as const]),
    ],
  });
  const { website, database } = GROUPS;
  const api = await addressOf("service", "default", "kubernetes");
  const ofPods = await Promise.all([
    target("the page", website, 8080, site?.metadata.name ?? "", ["website-serv", 80]),
    target("another port of the website's", website, ASKERS_PORT, OTHER_PORTS_POD),
    target("the database", database, 5432, "database-0", ["database", 5432]),
    target("the cluster's DNS", GROUPS.dns, 53, dns?.metadata.name ?? "", ["kube-dns", 53]),
    target("a stranger", stranger, ASKERS_PORT, "on-worker"),
  ]);
  return [
    ...ofPods,
    {
      name: "the API",
      peer: { range: `${hub}/32` },
      port: 6443,
      addresses: [
        [hub, 6443],
        [api, 443],
      ],
    },
    { name: "a kubelet", peer: { range: `${hub}/32` }, port: 10250, addresses: [[hub, 10250]] },
  ];
}

describe("connections", () => {
  let targets: readonly Target[] = [];
  /** By asker: what was tried and whether it opened, as text. */
  const seen = new Map<string, string[]>();

  const described = (opened: (target: Target, index: number) => boolean): string[] =>
    targets
      .flatMap((target) =>
        target.addresses.map(([host, port]) => ({ target, at: `${host}:${port}` })),
      )
      .map(
        ({ target, at }, index) =>
          `${opened(target, index) ? "opens" : "closed"}: ${target.name} ${at}`,
      );
  const expected = (asker: Asker): string[] => described((target) => isAllowed(asker, target));

  /** What a pod reaches; a policy follows a new pod within moments, so it is looked at until it fits. */
  async function probe(asker: Asker): Promise<void> {
    const addresses = JSON.stringify(targets.flatMap((target) => target.addresses));
    const { namespace, name } = asker;
    await until(`the connections of ${name}`, async () => {
      const found = JSON.parse(
        await kubectl("exec", "-n", namespace, name, "--", "node", "-e", CONNECT, addresses),
      ) as boolean[];
      const lines = described((_, index) => found[index] === true);
      seen.set(name, lines);
      return JSON.stringify(lines) === JSON.stringify(expected(asker)) ? true : undefined;
    }).catch((error: unknown) => {
      // The test of this pod shows what differs.
      seen.set(name, seen.get(name) ?? [String(error)]);
    });
  }

  beforeAll(async () => {
    // The page's pod is to stay where it is.
    await websiteSpread();
    const image = await websiteImage();
    await applyObjects(
      { apiVersion: "v1", kind: "Namespace", metadata: { name: STRANGERS } },
      ...ASKERS.map((asker) => manifest(asker, image)),
    );
    await Promise.all(
      ASKERS.map(({ namespace, name }) =>
        kubectlWaits(
          ...["wait", "-n", namespace, `pod/${name}`, "--for=jsonpath={.status.phase}=Running"],
        ),
      ),
    );
    targets = await findTargets();
    await Promise.all(ASKERS.map(probe));
  });

  afterAll(async () => {
    await Promise.all(
      ASKERS.map(({ namespace, name }) =>
        kubectl("delete", "pod", "-n", namespace, name, "--wait=false"),
      ),
    );
    await kubectl("delete", "namespace", STRANGERS, "--wait=false");
  });

  it.each(ASKERS.map((asker) => [asker.namespace, asker.name, asker.node, asker] as const))(
    "of %s/%s on %s are those of the table",
    (_namespace, name, _node, asker) => {
      expect(seen.get(name)).toEqual(expected(asker));
    },
  );

  it("are probed as allowed and as denied, each of the table's that has a pod here", () => {
    const all = ASKERS.flatMap((asker) => targets.map((target) => isAllowed(asker, target)));
    expect(new Set(all)).toEqual(new Set([true, false]));
    // The lab's stack runs no dashboard and builds no images; the stories that do probe for themselves.
    const tried = TABLE.filter(({ protocol }) => protocol === "TCP").filter(
      ({ from, to }) => !same(from, GROUPS.dashboard) && !same(to, GROUPS.registry),
    );
    for (const { from, to, port } of tried) {
      const isProbed = targets.some(
        (target) =>
          same(target.peer, to) &&
          target.port === port &&
          ASKERS.some(
            (asker) =>
              covers(from, { namespace: asker.namespace, labels: asker.labels }) &&
              isAllowed(asker, target),
          ),
      );
      expect(isProbed, JSON.stringify({ from, to, port })).toBe(true);
    }
  });

  it("of a node are those of any other: the page opens, the database does not", async () => {
    for (const target of targets.filter(({ name }) =>
      ["the page", "the database"].includes(name),
    )) {
      for (const [host, port] of target.addresses) {
        const opens = async (): Promise<boolean> => {
          const open = `timeout 3 bash -c '</dev/tcp/${host}/${port}' 2>/dev/null`;
          const said = await inside("MasterNode", `${open} && echo opens || echo closed`);
          return said.trim() === "opens";
        };
        const name = `${target.name} at ${host}:${port}`;
        if (target.name === "the page") {
          await until(`${name} to open`, async () => ((await opens()) ? true : undefined));
        } else {
          expect(await opens(), name).toBe(false);
        }
      }
    }
  });
});
