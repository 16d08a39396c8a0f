import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, expect, it } from "vitest";

import { render } from "../remote/render.ts";
import { readScript } from "../remote/script.ts";

const folder = mkdtempSync(join(tmpdir(), "fogline-claim-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Runs the script on a server whose cluster has objects with these managers, by `kind name`. */
function claim(names: readonly string[], objects: Readonly<Record<string, string>>): void {
  const cases = Object.entries(objects).map(
    ([object, managers]) => `*" get ${object} "*) printf %s 'some-uid ${managers}' ;;`,
  );
  writeFileSync(join(folder, "k3s"), `#!/bin/sh\ncase "$*" in\n${cases.join("\n")}\nesac\n`);
  chmodSync(join(folder, "k3s"), 0o755);
  const script = readScript(join(import.meta.dirname, "scripts/claim.sh"));
  execFileSync("bash", ["-s", "--", "create"], {
    input: render(script, { NODE: "masternode", NAMES: names.join(" ") }),
    env: { ...process.env, PATH: `${folder}:${process.env["PATH"] ?? ""}` },
    stdio: ["pipe", "pipe", "pipe"],
    encoding: "utf8",
  });
}

const NAMES = ["namespace/website", "clusterrole/traefik", "ingressclass/traefik"];

it("lets names pass that nobody has, or that an earlier run gave", () => {
  claim(NAMES, {});
  claim(NAMES, {
    "namespace website": "pulumi-kubernetes-1a2b3c4d kube-controller-manager",
    "ingressclass traefik": "kubectl pulumi-kubernetes",
  });
});

it("refuses all names at once that somebody else's objects have", () => {
  const theirs = { "clusterrole traefik": "helm", "ingressclass traefik": "" };
  expect(() => {
    claim(NAMES, { ...theirs, "namespace website": "pulumi-kubernetes-1a2b3c4d" });
  }).toThrow(/masternode: .* did not make: clusterrole\/traefik ingressclass\/traefik\. Nothing/);
});
