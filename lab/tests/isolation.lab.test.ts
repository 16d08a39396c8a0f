import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { applyObjects, kubectl, objects, until, websitePods, websiteSpread } from "./lab.ts";

/** A namespace that has no business with the website's database. */
const STRANGERS = "strangers";

interface Asker {
  readonly namespace: string;
  readonly name: string;
  /** `website` is what the database lets in, in its own namespace. */
  readonly app: string;
  readonly node: string;
  readonly reaches: boolean;
}

const ASKERS: readonly Asker[] = [
  {
    namespace: "website",
    name: "like-the-site",
    app: "website",
    node: "workernode",
    reaches: true,
  },
  {
    namespace: "website",
    name: "like-the-site-pi",
    app: "website",
    node: "raspberrypi",
    reaches: true,
  },
  { namespace: "website", name: "unlabelled", app: "other", node: "workernode", reaches: false },
  // The database is on one of the cloud's nodes: one of these two is beside it.
  { namespace: STRANGERS, name: "on-master", app: "website", node: "masternode", reaches: false },
  { namespace: STRANGERS, name: "on-worker", app: "website", node: "workernode", reaches: false },
  { namespace: STRANGERS, name: "on-pi", app: "website", node: "raspberrypi", reaches: false },
];

/** Node's own words for a connection: exit code 0 when it opens, 1 when it does not within 3 s. */
const CONNECT =
  "const [host, port] = process.argv.slice(1);" +
  "const socket = require('node:net').connect(port, host, () => process.exit(0));" +
  "socket.on('error', () => process.exit(1));" +
  "setTimeout(() => process.exit(1), 3000);";

function pod({ namespace, name, app, node }: Asker, image: string): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    // Not ready ever, so that no visitor of the website is sent to it.
    metadata: { name, namespace, labels: { app } },
    spec: {
      nodeName: node,
      tolerations: [{ operator: "Exists" }],
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: "asker",
          image,
          command: ["node", "-e", "setInterval(() => undefined, 1000);"],
          readinessProbe: { exec: { command: ["false"] } },
        },
      ],
    },
  };
}

async function opens({ namespace, name }: Asker, host: string, port: number): Promise<boolean> {
  const connect = ["node", "-e", CONNECT, host, String(port)];
  return kubectl("exec", "-n", namespace, name, "--", ...connect).then(
    () => true,
    (error: unknown) => {
      expect(String(error)).toContain("exit code 1");
      return false;
    },
  );
}

describe("the database", () => {
  let addresses: string[] = [];
  /** A pod of the website: open to all, so that who is kept from the database is not just offline. */
  let page = "";

  beforeAll(async () => {
    // The page's pod is to stay where it is.
    await websiteSpread();
    const image = await kubectl(
      ...["get", "deployment", "-n", "website", "website-dep"],
      ...["-o", "jsonpath={.spec.template.spec.containers[0].image}"],
    );
    await applyObjects(
      { apiVersion: "v1", kind: "Namespace", metadata: { name: STRANGERS } },
      ...ASKERS.map((asker) => pod(asker, image)),
    );
    const [service] = await objects<{ spec: { clusterIP: string } }>(
      "services",
      ...["-n", "website", "--field-selector=metadata.name=database"],
    );
    const [server] = await objects<{ status: { podIP: string } }>(
      "pods",
      ...["-n", "website", "--field-selector=metadata.name=database-0"],
    );
    addresses = [service?.spec.clusterIP ?? "", server?.status.podIP ?? ""];
    const [site] = await websitePods();
    page = await kubectl(
      ...["get", "pod", "-n", "website", site?.metadata.name ?? ""],
      ...["-o", "jsonpath={.status.podIP}"],
    );
    for (const { namespace, name } of ASKERS) {
      await kubectl(
        ...["wait", "-n", namespace, `pod/${name}`, "--timeout=120s"],
        "--for=jsonpath={.status.phase}=Running",
      );
    }
  });

  afterAll(async () => {
    for (const { namespace, name } of ASKERS) {
      await kubectl("delete", "pod", "-n", namespace, name, "--wait=false");
    }
    await kubectl("delete", "namespace", STRANGERS, "--wait=false");
  });

  for (const asker of ASKERS) {
    const { namespace, name, app, node, reaches } = asker;
    const state = reaches ? "open" : "closed";
    it(`is ${state} to ${namespace}/${name}, labelled ${app}, on ${node}`, async () => {
      for (const address of addresses) {
        if (reaches) {
          // A policy follows a new pod within moments, not at once.
          await until(`${address} to be open to it`, 30, async () =>
            (await opens(asker, address, 5432)) ? true : undefined,
          );
        } else {
          expect(await opens(asker, address, 5432), address).toBe(false);
        }
      }
      await until("a page of the website to open", 30, async () =>
        (await opens(asker, page, 8080)) ? true : undefined,
      );
    });
  }
});
