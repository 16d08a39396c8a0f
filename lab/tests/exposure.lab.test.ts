import { readFileSync } from "node:fs";
import { join } from "node:path";

import { execa } from "execa";
import { describe, expect, it } from "vitest";

import { LAB_CONDITION } from "../../testing/patience.ts";
import { NETMAKER_ACCESS } from "../engine/outputs.ts";
import { NAMESPACES, RUN } from "../layout.ts";
import { createSecondHome } from "../machines/network.ts";
import { inside, machines } from "../testing/machines.ts";
import { kubectl, outputs, overNetmaker, until } from "../testing/lab.ts";

/** TCP ports of an address that answer a stranger on the internet, of all that there are by default. */
async function openPorts(address: string, ports = "-"): Promise<number[]> {
  const { stdout } = await execa(
    "nsenter",
    [
      `--net=/run/netns/${NAMESPACES.home2}`,
      ...[
        "nmap",
        "-Pn",
        "-n",
        `-p${ports}`,
        "--min-rate=5000",
        "--max-retries=2",
        "-oG",
        "-",
        address,
      ],
    ],
    { timeout: LAB_CONDITION },
  );
  return [...stdout.matchAll(/(\d+)\/open\/tcp/g)].map((match) => Number(match[1]));
}

describe("from the internet", () => {
  it("only the planned ports answer", async () => {
    // Another home is a stranger to the cloud, as good as any.
    await createSecondHome();
    // What is dropped is asked for again after a while: two scans at once take the time of one.
    await Promise.all(
      outputs().inventory.map(async ({ name, publicAddress }) => {
        const planned = name === "MasterNode" ? [] : [80, 443];
        const open = await openPorts(publicAddress);
        expect(
          open.filter((port) => !planned.includes(port)),
          name,
        ).toEqual([]);
        // A hurried scan of a busy computer may miss an answer.
        await until(`${name} to answer at ${planned.join(" and ")}`, async () =>
          (await openPorts(publicAddress, "80,443")).length === planned.length ? true : undefined,
        );
      }),
    );
  });
});

describe("secrets", () => {
  it("stand nowhere outside their 0600 files", async () => {
    const secrets = await known();
    const places = await execa("grep", ["-rlF", "-f", "-", RUN], {
      input: secrets.join("\n"),
      reject: false,
    });
    const allowed = [join(RUN, "kubeconfig"), join(RUN, "operator/")];
    const leaks = places.stdout
      .split("\n")
      .filter((path) => path !== "" && !allowed.some((start) => path.startsWith(start)));
    expect(leaks).toEqual([]);
  });

  it("stand in no process's arguments and in no file others can read", async () => {
    const secrets = await known();
    for (const machine of machines()) {
      const args = await inside(machine, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '");
      for (const secret of secrets) {
        expect(args.includes(secret), `${machine}: process arguments`).toBe(false);
      }
      const patterns = Buffer.from(secrets.join("\n")).toString("base64");
      const readable = await inside(
        machine,
        `echo ${patterns} | base64 -d >/run/patterns; chmod 600 /run/patterns
         find /etc /home /root /var/log /usr/local /opt /tmp -xdev -type f -perm /044 -print0 |
           xargs -0 -r grep -lF -f /run/patterns || true; rm /run/patterns`,
      );
      expect(readable.trim(), `${machine}: files that others can read`).toBe("");
    }
  });
});

/** The secrets that exist: token, passwords, private keys. */
async function known(): Promise<string[]> {
  const kept = await inside(
    "MasterNode",
    "cd /var/lib/rancher/k3s/server; sed 's/.*://' token agent-token",
  );
  const encoded = await kubectl(
    ...["get", "secret", "-n", "website", "database-password"],
    ...["-o", "jsonpath={.data.password}"],
  );
  const tunnels = await Promise.all(
    machines().map((machine) =>
      inside(machine, "wg show all private-key | awk '{ print $2 }' || true"),
    ),
  );
  const operator = readFileSync(join(RUN, "operator/id_ed25519"), "utf8").split("\n")[1] ?? "";
  const found = [
    ...[
      ...kept.split("\n"),
      Buffer.from(encoded, "base64").toString(),
      operator,
      ...(await ofNetmaker()),
    ],
    ...tunnels.flatMap((keys) => keys.split("\n")),
  ]
    .map((secret) => secret.trim())
    .filter((secret) => secret !== "");
  expect(found.every((secret) => secret.length >= 20)).toBe(true);
  // Token, password, the operator's key, and one each of the hub and the Pi at least.
  expect(found.length).toBeGreaterThanOrEqual(5);
  return found;
}

/** Those of an overlay of kind netmaker. */
async function ofNetmaker(): Promise<string[]> {
  if (!overNetmaker()) {
    return [];
  }
  const { password } = JSON.parse(readFileSync(NETMAKER_ACCESS, "utf8")) as { password: string };
  const kept = await inside("MasterNode", "cd /etc/fogline-netmaker; cat master-key *-password");
  return [password, ...kept.split("\n")];
}
