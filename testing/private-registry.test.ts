/** The program where a stack has a login to a private registry. */
import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";

import { exemptionsOf } from "../apps/exemptions.ts";
import { APPS } from "../apps/index.ts";
import { planPolicies } from "../policy/policies.ts";
import { violationsOf } from "../policy/policy.ts";
import { program } from "../stacks/program.ts";
import { CA } from "./certificate.ts";
import { value, type Registered } from "./engine.ts";
import { declareFog, HOST_KEY, SUM, type DeclaredFog } from "./fog.ts";

const PASSWORD = "hush-hush-4711";
const NODES = ["masternode", "workernode", "raspberrypi", "cabin"];

let fog: DeclaredFog;

beforeAll(async () => {
  fog = await declareFog(
    {
      edge: [
        { name: "raspberrypi", arch: "amd64", host: "192.0.2.99", hostKey: HOST_KEY },
        { name: "cabin", arch: "amd64", reach: "bundle" },
      ],
      k3s: {
        version: "v1.36.3+k3s1",
        sha256: { amd64: SUM },
        mirrors: { "docker.io": ["http://192.0.2.10:5000"] },
        registries: { "r.fog.io:5000": { username: "ci", password: PASSWORD, ca: CA } },
      },
    },
    program,
    ["k3s"],
  );
});

describe("a login to a private registry", () => {
  it("is told to K3s on every node, devices that join by themselves included", () => {
    for (const node of NODES) {
      const stdin = String(fog.one(`${node}-k3s`).inputs["stdin"]);
      expect(stdin).toContain(`password: "${PASSWORD}"`);
      expect(stdin).toContain("ca_file: /etc/rancher/k3s/registries/r.fog.io_5000.pem");
      expect(stdin).toContain(`r.fog.io_5000.pem ${Buffer.from(CA).toString("base64")}`);
      expect(stdin).toContain("http://192.0.2.10:5000");
    }
  });

  it("stands in no input that is not a secret, in no command and in no output", async () => {
    for (const { name, inputs, sealed } of fog.registered) {
      expect(JSON.stringify(sealed), name).not.toContain(PASSWORD);
      const holding = Object.keys(inputs).filter((key) =>
        JSON.stringify(inputs[key]).includes(PASSWORD),
      );
      expect(holding, name).toEqual(NODES.some((node) => name === `${node}-k3s`) ? ["stdin"] : []);
    }
    for (const [name, output] of Object.entries(fog.outputs)) {
      const known = await value(pulumi.unsecret(pulumi.output(output)));
      expect(JSON.stringify(known), name).not.toContain(PASSWORD);
    }
  });

  it("keeps every policy", () => {
    // A plan's seals tell one secret from another.
    const seals = (text: string): string =>
      text.replaceAll("[secret]", `[secret:${"0".repeat(16)}]`);
    const sealed = fog.registered.map((each) => ({
      ...each,
      inputs: JSON.parse(seals(JSON.stringify(each.sealed))) as Registered["inputs"],
    }));
    const secrets = planPolicies(exemptionsOf(APPS)).filter(({ name }) => /secret/.test(name));
    expect(secrets).toHaveLength(2);
    expect(violationsOf(secrets, sealed)).toEqual([]);
  });
});
