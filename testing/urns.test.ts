/**
 * An upgrade keeps every resource: each URN of an earlier release is declared again, or is an alias of a
 * resource that is. `urns/` lists them by stack, without stack and project. A release adds its own:
 *
 *     URNS=add npx vitest run testing/urns.test.ts
 *
 * A line is removed only with a resource that an upgrade is meant to delete.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, expect, it } from "vitest";

import { readStack } from "../plan/stack-file.ts";
import { program } from "../stacks/program.ts";
import { mockEngine, settled, type Registered } from "./engine.ts";
import { HOST_KEY, SUM } from "./fog.ts";
import { knownUrns, localUrn } from "./urns.ts";

type Sections = Readonly<Record<string, unknown>>;

const folder = mkdtempSync(join(tmpdir(), "fogline-urns-"));
const sshKey = join(folder, "id_ed25519");
execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", sshKey]);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const IMAGES: Sections = {
  website: { image: `docker.io/fogline/website@sha256:${SUM}` },
  database: { image: `docker.io/library/postgres:17@sha256:${SUM}` },
  ingress: { image: `docker.io/library/traefik:v3.7@sha256:${SUM}` },
  descheduler: { image: `registry.k8s.io/descheduler/descheduler:v0.36.0@sha256:${SUM}` },
};
const K3S = { version: "v1.36.3+k3s1", sha256: { amd64: SUM } };
const ssh = { arch: "amd64", hostKey: HOST_KEY };
const EVERY_REACH = [
  { ...ssh, name: "raspberrypi", host: "192.0.2.99" },
  {
    ...{ ...ssh, name: "attic", host: "192.168.60.10", reach: "jump" },
    jump: { host: "192.0.2.99", user: "pi", hostKey: HOST_KEY },
  },
  { name: "cabin", arch: "amd64", reach: "bundle" },
  { name: "boat", arch: "amd64", reach: "bundle" },
];

/** What `make up` fills in for the lab. */
function lab(): Sections {
  const { cloud, edge, k3s, ...sections } = readStack(".", "lab");
  const filled = Object.entries(IMAGES).map(([name, image]) => [
    name,
    { ...(sections[name] as object | undefined), ...(image as object) },
  ]);
  return {
    ...sections,
    ...(Object.fromEntries(filled) as Sections),
    cloud: { ...(cloud as object), lab: true },
    edge: (edge as object[]).map((device) => ({ ...device, hostKey: HOST_KEY })),
    k3s: { ...(k3s as object), sha256: K3S.sha256 },
  };
}

/** Settings by the name of the file in `urns/`. */
const STACKS: Readonly<Record<string, () => Sections>> = {
  lab,
  dev: () => readStack(".", "dev"),
  prod: () => readStack(".", "prod"),
  wireguard: () => ({
    ...IMAGES,
    cloud: { arch: "amd64", lab: true, sshFrom: ["198.51.100.2/32"] },
    edge: EVERY_REACH,
    k3s: K3S,
    dashboard: { kind: "kubernetes-dashboard" },
  }),
  built: () => ({ ...lab(), website: { image: "build" } }),
  netmaker: () => ({
    ...IMAGES,
    cloud: { arch: "amd64", lab: true, sshFrom: ["198.51.100.2/32"] },
    edge: EVERY_REACH,
    k3s: K3S,
    overlay: { kind: "netmaker" },
    netmaker: { server: { sha256: { amd64: SUM } }, client: { sha256: { amd64: SUM } } },
  }),
};

async function declared(settings: Sections, stack: string): Promise<readonly Registered[]> {
  const registered = mockEngine({ ...settings, operator: { sshKey, folder } }, { stack });
  await program();
  await settled();
  return registered;
}

it.each(Object.entries(STACKS))(
  "an upgrade of %s keeps every resource",
  async (stack, settings) => {
    const registered = await declared(settings(), stack);
    const file = join(import.meta.dirname, "urns", `${stack}.txt`);
    const before = readFileSync(file, "utf8").trimEnd().split("\n");
    if (process.env["URNS"] === "add") {
      const all = new Set([...before, ...registered.map(({ urn }) => localUrn(urn))]);
      writeFileSync(file, `${[...all].sort().join("\n")}\n`);
    }
    const known = new Set([...knownUrns(registered).values()].flat().map(localUrn));
    expect(before.length).toBeGreaterThan(50);
    expect(before.filter((urn) => !known.has(urn))).toEqual([]);
  },
);
