/** What docs/hardening.md says is on, looked at on the machines that run. */
import { randomBytes } from "node:crypto";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { applyObjects, kubectl, objects, outputs, until, websiteImage } from "../testing/lab.ts";
import { inside } from "../testing/machines.ts";

const NAMESPACE = "hardening";
const DATASTORE = "/var/lib/rancher/k3s/server/db";
const AUDIT_LOG = "/var/lib/rancher/k3s/server/logs/audit.log";
const MASTER = outputs().overlay.find(({ name }) => name === "masternode")?.address ?? "";
const API = `https://${MASTER}:6443`;
/** Words that nothing else in the cluster holds. */
const mark = (): string => `mark${randomBytes(12).toString("hex")}`;

beforeAll(async () => {
  await applyObjects({ apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } });
});

afterAll(async () => {
  await kubectl("delete", "namespace", NAMESPACE, "--wait=false");
});

/** How many files of the datastore hold a text; its log of changes is one of them. */
async function filesWith(text: string): Promise<number> {
  // The pattern travels by stdin: the list of processes would be a place to find it.
  const found = await inside(
    "MasterNode",
    `grep -rlaF -f /dev/stdin ${DATASTORE} <<<'${text}' | wc -l`,
  );
  return Number(found);
}

describe("a Secret", () => {
  it("is unreadable in the datastore's files, where anything else can be read", async () => {
    const [hidden, plain] = [mark(), mark()];
    const metadata = { name: "looked-for", namespace: NAMESPACE };
    await applyObjects(
      { apiVersion: "v1", kind: "Secret", metadata, stringData: { value: hidden } },
      { apiVersion: "v1", kind: "ConfigMap", metadata, data: { value: plain } },
    );
    await until("the datastore to hold the ConfigMap", async () =>
      (await filesWith(plain)) > 0 ? true : undefined,
    );
    expect(await filesWith(hidden)).toBe(0);
    expect(await filesWith("k8s:enc:aescbc:v1:")).toBeGreaterThan(0);
    const read = await kubectl(
      ...["get", "secret", "looked-for", "-n", NAMESPACE, "-o", "jsonpath={.data.value}"],
    );
    expect(Buffer.from(read, "base64").toString()).toBe(hidden);
  });

  it("was never readable there, the database's password neither", async () => {
    const path = "jsonpath={.data.password}";
    const encoded = await kubectl(
      "get",
      "secret",
      "-n",
      "website",
      "database-password",
      "-o",
      path,
    );
    expect(await filesWith(Buffer.from(encoded, "base64").toString())).toBe(0);
    const said = await inside("MasterNode", "k3s secrets-encrypt status");
    expect(said).toContain("Encryption Status: Enabled");
  });

  it("has a key that root of the server alone can read", async () => {
    const file = "/var/lib/rancher/k3s/server/cred/encryption-config.json";
    expect((await inside("MasterNode", `stat -c '%a %U:%G' ${file}`)).trim()).toBe("600 root:root");
  });
});

describe("the audit log", () => {
  it("names who read a Secret, and nothing of its content", async () => {
    const [name, value] = [mark(), mark()];
    const metadata = { name, namespace: NAMESPACE };
    await applyObjects({ apiVersion: "v1", kind: "Secret", metadata, stringData: { value } });
    await kubectl("get", "secret", "-n", NAMESPACE, name);
    const lines = await until("the request to be written down", async () => {
      const found = await inside("MasterNode", `grep -hF '"name":"${name}"' ${AUDIT_LOG} || true`);
      const entries = found
        .split("\n")
        .filter((line) => line !== "")
        .map(
          (line) => JSON.parse(line) as { verb: string; level: string; user: { username: string } },
        );
      return entries.some(({ verb }) => verb === "get") ? entries : undefined;
    });
    expect(lines.find(({ verb }) => verb === "get")).toMatchObject({
      level: "Metadata",
      user: { username: "system:admin" },
    });
    expect(await inside("MasterNode", `grep -cF '${value}' ${AUDIT_LOG} || true`)).toBe("0");
  });

  it("is root's alone, and so is its folder", async () => {
    const said = await inside("MasterNode", `stat -c %a ${AUDIT_LOG} "$(dirname ${AUDIT_LOG})"`);
    expect(said.trim().split("\n")).toEqual(["600", "700"]);
  });
});

describe("the website's namespace", () => {
  const pod = (spec: object): object => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "intruder", namespace: "website", labels: { app: "intruder" } },
    spec,
  });

  it.each([
    ["a privileged container", { securityContext: { privileged: true } }],
    ["a container that may be root", {}],
  ])("takes no pod with %s", async (_what, container) => {
    const containers = [{ name: "intruder", image: await websiteImage(), ...container }];
    await expect(applyObjects(pod({ containers }))).rejects.toThrow(
      'violates PodSecurity "restricted:latest"',
    );
  });

  it.each([
    ["the node's network", { hostNetwork: true }],
    ["the node's files", { volumes: [{ name: "root", hostPath: { path: "/" } }] }],
  ])("takes no pod with %s", async (_what, more) => {
    const containers = [{ name: "intruder", image: await websiteImage() }];
    await expect(applyObjects(pod({ containers, ...more }))).rejects.toThrow(
      "violates PodSecurity",
    );
  });

  it("is as all of ours, but for the one whose pods have their nodes' ports", async () => {
    interface Namespace {
      readonly metadata: { readonly name: string; readonly labels: Record<string, string> };
    }
    const levels = (await objects<Namespace>("namespaces")).map(({ metadata }) => [
      metadata.name,
      metadata.labels["pod-security.kubernetes.io/enforce"],
    ]);
    expect(Object.fromEntries(levels)).toMatchObject({
      website: "restricted",
      descheduler: "restricted",
      "fogline-nodes": "restricted",
      ingress: "privileged",
    });
  });
});

describe("a request without a name", () => {
  const status = (url: string): Promise<string> =>
    inside("MasterNode", `curl -sk -o /dev/null -w '%{http_code}' --max-time 10 ${url}`);

  it.each(["/api", "/version", "/apis", "/metrics"])(
    "for %s of the API is refused",
    async (path) => {
      expect(await status(`${API}${path}`)).toBe("401");
    },
  );

  it("is refused by every kubelet", async () => {
    interface Node {
      readonly metadata: { readonly name: string };
      readonly status: { readonly addresses: readonly { type: string; address: string }[] };
    }
    const nodes = await objects<Node>("nodes");
    expect(nodes).toHaveLength(3);
    for (const { metadata, status: node } of nodes) {
      const internal = node.addresses.find(({ type }) => type === "InternalIP");
      const url = `https://${internal?.address ?? ""}:10250/pods`;
      expect(await status(url), metadata.name).toBe("401");
    }
  });
});
