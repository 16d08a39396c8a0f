import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";

import { connections } from "../../apps/connections.ts";
import { openDashboard, type Opened } from "../../apps/dashboard/access.ts";
import { dashboardManifests, inOrder } from "../../apps/dashboard/manifests.ts";
import { ACCOUNTS, NAMESPACE, type DashboardRole } from "../../apps/dashboard/roles.ts";
import { CONDITION } from "../../testing/patience.ts";
import { PROJECT, RUN } from "../layout.ts";
import { inside } from "../testing/machines.ts";
import {
  applyObjects,
  ask,
  GIVES_UP,
  kubectl,
  kubectlCommand,
  kubectlOn,
  kubectlWaits,
  objects,
  outputs,
  until,
  websitePods,
} from "../testing/lab.ts";

/*
 * No package registry has a dashboard's image, so the lab's stack runs none. The manifests of both
 * kinds are checked by the live API server, then those of Headlamp are applied for the time of these
 * tests, with a page server in its place: the website's image, told to serve one page.
 */

interface Pod {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly nodeName: string };
}

interface Deployment {
  readonly spec: { readonly template: { readonly spec: { readonly containers: [object] } } };
}

const PAGE = "a page in the dashboard's place";
const SERVER = `process.on("SIGTERM", () => process.exit());
require("http").createServer((_, answer) => answer.end("${PAGE}")).listen(4466)`;
const DRY_RUN = ["apply", "--server-side", "--dry-run=server", "--validate=strict"];
const apiServer = outputs().overlay[0]?.address ?? "";
const allowed = connections({ podRange: "10.42.0.0/16", apiServer });
const folder = mkdtempSync(join(tmpdir(), "fogline-test-"));
let applied: readonly object[] = [];

beforeAll(async () => {
  const stack = readFileSync(join(PROJECT, "Pulumi.lab.yaml"), "utf8");
  const { config } = parse(stack) as { config: Record<string, { kind?: string }> };
  // The stack's own would be taken down with the test's.
  expect(config["fogline:dashboard"]?.kind).toBe("none");
  const headlamp = dashboardManifests({
    kind: "headlamp",
    connections: allowed,
    image: await pageImage(),
  });
  const { containers } = (headlamp.deployment as unknown as Deployment).spec.template.spec;
  Object.assign(containers[0], { command: ["node", "-e", SERVER], args: [] });
  applied = inOrder(headlamp);
  await applyObjects(...applied);
  await rollout();
});

afterAll(async () => {
  await until("the dashboard to be gone", () =>
    kubectlOn(applied, "delete", "--ignore-not-found", GIVES_UP),
  );
  rmSync(folder, { recursive: true });
});

describe("the manifests", () => {
  it.each(["headlamp", "kubernetes-dashboard"] as const)(
    "of %s are taken by the live API server, every field of them",
    async (kind) => {
      const manifests = inOrder(dashboardManifests({ kind, connections: allowed }));
      const said = await kubectlOn(manifests, ...DRY_RUN);
      const taken = said.split("\n").filter((line) => line.endsWith("(server dry run)"));
      expect(taken).toHaveLength(manifests.length);
    },
  );

  it("are refused where a field is wrong", async () => {
    const { deployment } = dashboardManifests({ kind: "headlamp", connections: allowed });
    const wrong = { ...(deployment as object), spec: { replica: 1 } };
    await expect(kubectlOn([wrong], ...DRY_RUN)).rejects.toThrow(/replica/);
  });
});

/** Verb, resource and, after a slash, subresource. */
const SEES = [
  ...["list nodes", "list nodes.metrics.k8s.io", "list pods.metrics.k8s.io", "list pods"],
  ...["get pods/log", "list events", "list deployments.apps", "watch daemonsets.apps"],
];
const ACTS = ["delete pods", "create pods/eviction", "patch deployments.apps/scale", "patch nodes"];
const NOBODY = [
  ...["get secrets", "list secrets", "watch secrets", "list configmaps", "create pods"],
  ...["create pods/exec", "get pods/exec", "create pods/attach", "create pods/portforward"],
  ...["get nodes/proxy", "create serviceaccounts/token", "patch deployments.apps"],
  ...["create clusterrolebindings.rbac.authorization.k8s.io", "delete nodes", "delete namespaces"],
  "escalate clusterroles.rbac.authorization.k8s.io",
];

describe("the roles", () => {
  it.each<[account: string, yes: readonly string[], no: readonly string[]]>([
    [ACCOUNTS.viewer, SEES, [...ACTS, ...NOBODY]],
    [ACCOUNTS.operator, [...SEES, ...ACTS], NOBODY],
    ["dashboard", [], [...SEES, ...ACTS, ...NOBODY]],
  ])("allow %s what they should, and nothing else", async (account, yes, no) => {
    const expected = [...yes.map((what) => `yes ${what}`), ...no.map((what) => `no ${what}`)];
    const asked = [...yes, ...no];
    const answers = await allowedTo(account, asked);
    expect(asked.map((what, at) => `${answers[at] ?? "none"} ${what}`)).toEqual(expected);
  });
});

describe("a token", () => {
  it("of the viewer shows nodes and metrics, but no Secret, and deletes and enters no pod", async () => {
    const viewer = await asRole("viewer");
    expect(await viewer("get", "nodes", "--output=name")).toContain("node/raspberrypi");
    await until("the Pi's metrics", async () =>
      (await viewer("top", "nodes", "--no-headers")).includes("raspberrypi") ? true : undefined,
    );
    const website = ["--namespace=website"];
    const pod = (await websitePods())[0]?.metadata.name ?? "";
    expect(await viewer("logs", pod, ...website)).toContain("Running on");
    await expect(viewer("get", "secret", "database-password", ...website)).rejects.toThrow(
      /Forbidden/,
    );
    await expect(viewer("delete", "pod", pod, ...website)).rejects.toThrow(/Forbidden/);
    await expect(viewer("exec", pod, ...website, "--", "true")).rejects.toThrow(/[Ff]orbidden/);
    expect((await websitePods()).map(({ metadata }) => metadata.name)).toContain(pod);
  });

  it("of the operator restarts a pod, but shows no Secret", async () => {
    const operator = await asRole("operator");
    const [found] = await objects<Pod>("pods", "-n", NAMESPACE);
    const name = found?.metadata.name ?? "";
    const pod = ["delete", "pod", name, `--namespace=${NAMESPACE}`, "--ignore-not-found"];
    await until("the pod to be gone", () => operator(...pod, GIVES_UP));
    const left = await objects<Pod>("pods", "-n", NAMESPACE);
    expect(left.map(({ metadata }) => metadata.name)).not.toContain(name);
    await expect(operator("get", "secrets", "--all-namespaces")).rejects.toThrow(/Forbidden/);
  });

  it("is kept in no Secret", async () => {
    const secrets = await objects<{
      readonly type: string;
      readonly metadata: { readonly namespace: string };
    }>("secrets", "--all-namespaces");
    const kept = secrets.filter(({ type }) => type === "kubernetes.io/service-account-token");
    // Nodes have accounts of their own, which only look.
    expect([...new Set(kept.map(({ metadata }) => metadata.namespace))]).toEqual(["fogline-nodes"]);
  });
});

describe("the dashboard", () => {
  let opened: Opened;
  /** Milliseconds since 1970 when the token was asked for. */
  let askedAt = 0;

  beforeAll(async () => {
    // Its pod may just have been restarted.
    await rollout();
    askedAt = Date.now();
    opened = await open("viewer");
  });

  afterAll(async () => {
    opened.close();
    await opened.ended;
  });

  it("runs on the control plane, not on a worker that may be lost, nor on the Pi", async () => {
    const pods = await objects<Pod>(
      "pods",
      "-n",
      NAMESPACE,
      "--field-selector=status.phase=Running",
    );
    expect(pods.map(({ spec }) => spec.nodeName)).toEqual(["masternode"]);
  });

  it("answers on the operator's computer, over the overlay, with a token of ten minutes", async () => {
    const page = await ask(opened.url);
    expect([page.status, page.body]).toEqual([200, PAGE]);
    expect(readKubeconfig().clusters[0]?.cluster["server"]).toBe(`https://${apiServer}:6443`);
    // Ten minutes from when the server made it, whose clock may round.
    const seconds = (since: number): number => (opened.expires.getTime() - since) / 1000;
    expect(seconds(askedAt)).toBeGreaterThanOrEqual(600 - 2);
    expect(seconds(Date.now())).toBeLessThanOrEqual(600 + 2);
  });

  it("listens on the loopback of that computer and nowhere else", async () => {
    const { port } = new URL(opened.url);
    const { stdout } = await execa("ss", ["-Hltn", `sport = :${port}`]);
    const addresses = stdout.split("\n").map((line) => line.trim().split(/\s+/)[3]);
    expect(addresses).toEqual([`127.0.0.1:${port}`]);
  });

  it("lets no other machine in", async () => {
    const path = "--output=jsonpath={.spec.clusterIP}";
    const address = await kubectl("get", "service", "dashboard", "-n", NAMESPACE, path);
    // Nothing keeps a node's own processes from asking, but the dashboard's namespace.
    const asked = (host: string): Promise<string> =>
      inside(host, `curl -s -o /dev/null --max-time 3 http://${address}/ && echo in || echo out`);
    // Its pod was restarted above: kube-proxy learns the new address within seconds.
    await until("an answer on its own node", async () =>
      (await asked("MasterNode")).trim() === "in" ? true : undefined,
    );
    expect((await asked("raspberrypi")).trim()).toBe("out");
    expect((await asked("WorkerNode")).trim()).toBe("out");
  });

  it("answers at no public address, and neither does the API server that leads to it", async () => {
    const { inventory, websiteUrls } = outputs();
    const silent = inventory.flatMap(({ publicAddress }) =>
      ["4466", "6443"].map((port) => `http://${publicAddress}:${port}/`),
    );
    await Promise.all(
      silent.map((url) => expect(ask(url), url).rejects.toThrow(/ECONN|ETIMEDOUT|EHOST|15 s/)),
    );
    for (const url of websiteUrls) {
      expect((await ask(url)).body, url).not.toContain(PAGE);
    }
  });
});

async function rollout(): Promise<void> {
  await kubectlWaits("rollout", "status", "deployment/dashboard", "-n", NAMESPACE);
}

/** Opens the dashboard as `make dashboard` does. */
function open(role: DashboardRole): Promise<Opened> {
  return openDashboard({ kubectl: kubectlCommand(), role, minutes: 10, port: 0 });
}

/** kubectl with nothing but a fresh token of a role. */
async function asRole(role: DashboardRole): Promise<(...args: string[]) => Promise<string>> {
  const [program, ...first] = kubectlCommand();
  const request = ["create", "token", ACCOUNTS[role], `--namespace=${NAMESPACE}`, "--duration=10m"];
  const { stdout: token } = await execa(program, [...first, ...request]);
  const { users, ...rest } = readKubeconfig();
  const kubeconfig = join(folder, `${role}.yaml`);
  const only = users.map(({ name }) => ({ name, user: { token } }));
  writeFileSync(kubeconfig, stringify({ ...rest, users: only }), { mode: 0o600 });
  return async (...args) => {
    const [, ...limited] = kubectlCommand(kubeconfig);
    return (await execa(program, [...limited, ...args], { timeout: CONDITION })).stdout;
  };
}

function readKubeconfig(): {
  readonly clusters: readonly { readonly cluster: Record<string, string> }[];
  readonly users: readonly { readonly name: string }[];
} {
  return parse(readFileSync(join(RUN, "kubeconfig"), "utf8")) as ReturnType<typeof readKubeconfig>;
}

/**
 * Whether an account may do each of several things, as the API server's authorizer says. Asked by
 * group and resource: `kubectl auth can-i` looks the resource up first and says no while the server
 * of its group, e.g. metrics-server, is away.
 */
async function allowedTo(account: string, asked: readonly string[]): Promise<string[]> {
  const reviews = asked.map((what) => {
    const [verb = "", object = ""] = what.split(" ");
    const [qualified = "", subresource = ""] = object.split("/");
    const [resource = "", ...group] = qualified.split(".");
    return {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SubjectAccessReview",
      spec: {
        user: `system:serviceaccount:${NAMESPACE}:${account}`,
        groups: ["system:authenticated", "system:serviceaccounts"],
        resourceAttributes: { verb, resource, group: group.join("."), subresource },
      },
    };
  });
  const said = await kubectlOn(reviews, "create", "--output=jsonpath={.status.allowed} ");
  return said
    .trim()
    .split(" ")
    .map((allowed) => (allowed === "true" ? "yes" : "no"));
}

/** The image that stands in for the dashboard's, by digest. */
async function pageImage(): Promise<string> {
  const path = "jsonpath={.spec.template.spec.containers[0].image}";
  return kubectl("get", "deployment", "website-dep", "--namespace=website", `--output=${path}`);
}
