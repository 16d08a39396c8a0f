import { readFileSync } from "node:fs";
import { join } from "node:path";

import { execa } from "execa";
import { describe, expect, it } from "vitest";

import { NAMESPACES, RUN } from "../layout.ts";
import { createSecondHome } from "../machines/network.ts";
import { inside, machines } from "./fixtures.ts";
import { kubectl, outputs } from "./lab.ts";

/** Every TCP port of an address that answers a stranger on the internet. */
async function openPorts(address: string): Promise<number[]> {
  const { stdout } = await execa(
    "nsenter",
    [
      `--net=/run/netns/${NAMESPACES.home2}`,
      ...["nmap", "-Pn", "-n", "-p-", "--min-rate=5000", "--max-retries=2", "-oG", "-", address],
    ],
    { timeout: 300_000 },
  );
  return [...stdout.matchAll(/(\d+)\/open\/tcp/g)].map((match) => Number(match[1]));
}

describe("from the internet", () => {
  it("only the planned ports answer", async () => {
    // Another home is a stranger to the cloud, as good as any.
    await createSecondHome();
    for (const { name, publicAddress } of outputs().inventory) {
      const planned = name === "MasterNode" ? [] : [80, 443];
      expect(await openPorts(publicAddress), name).toEqual(planned);
    }
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

/** The secrets that exist: token, database password, private keys. */
async function known(): Promise<string[]> {
  const master = machines().find((name) => name === "MasterNode") ?? "";
  const token = (await inside(master, "cat /etc/rancher/k3s/token")).trim();
  const encoded = await kubectl(
    ...["get", "secret", "-n", "website", "database-password"],
    ...["-o", "jsonpath={.data.password}"],
  );
  const keys = await Promise.all(
    machines().map((machine) => inside(machine, "cat /etc/wireguard/fogline0.key")),
  );
  const operator = readFileSync(join(RUN, "operator/id_ed25519"), "utf8").split("\n")[1] ?? "";
  const found = [
    token,
    Buffer.from(encoded, "base64").toString(),
    operator,
    ...keys.map((key) => key.trim()),
  ];
  expect(found.every((secret) => secret.length >= 20)).toBe(true);
  return found;
}
