/** The lab as a site of experiments: machines whose power is taken, visitors at home. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { execa } from "execa";
import { parseDocument } from "yaml";
import { z } from "zod";

import { addressInside } from "@fogline/azure-checks/cidr";
import { kubectlCommand } from "../lab/commands/kubectl.ts";
import { readOutputs, websiteUrls } from "../lab/commands/outputs.ts";
import { HOME, NAMESPACES, PROJECT, RUN } from "../lab/layout.ts";
import { cutOff, powerOn, runInside } from "../lab/machines/machine.ts";
import { namespacePath } from "../lab/machines/namespace.ts";
import { ENVIRONMENT } from "./environment.ts";
import { following } from "./following.ts";
import type { Following, Site } from "./site.ts";

/** The lab's own report of what it runs. */
const PARTS = ENVIRONMENT.pick({ toolchain: true, images: true });

/** Visitors are at home, on the LAN of the Pi. */
const VISITOR = ["nsenter", `--net=${namespacePath(NAMESPACES.laptop)}`];

/** The lab that is up. @throws LabError when none is */
export function labSite(): Site {
  return {
    name: "lab",
    urls: websiteUrls(readOutputs()),
    // All machines share the computer's processors: one that boots must not make visits late.
    visitor: ["nice", "--adjustment=-15", ...VISITOR],
    addressOf,
    visit: (...command) => following([...VISITOR, ...command]),
    kubectl: async (...args) => {
      const { command, args: all } = kubectlCommand(args);
      return (await execa(command, all)).stdout;
    },
    watch: follow,
    onMachine: async (machine, script) => {
      const { exitCode, stdout, stderr } = await runInside(machine, script);
      if (exitCode !== 0) {
        throw new Error(`${machine}: exit code ${exitCode}: ${stderr.trim()}`);
      }
      return stdout;
    },
    powerOff: cutOff,
    powerOn,
    drain: (machine) => command("drain", `--node=${machine}`, "--leave"),
    undrain: (machine) => command("undrain", `--node=${machine}`),
    up,
    parts,
  };
}

/** Machines of the cloud, among the program's outputs. */
const INVENTORY = z.array(
  z.object({ type: z.string(), name: z.string(), publicAddress: z.string().optional() }),
);

/** The public address of a virtual machine; of a device its address on the visitors' LAN. */
async function addressOf(machine: string): Promise<string> {
  const rented = INVENTORY.parse(readOutputs()["inventory"]).find(
    ({ type, name }) => type === "Virtual machine" && name === machine,
  );
  if (rented?.publicAddress !== undefined) {
    return rented.publicAddress;
  }
  const script = "ip -4 -oneline route get 192.0.2.1 | sed -n 's/.* src \\([0-9.]*\\).*/\\1/p'";
  const { exitCode, stdout, stderr } = await runInside(machine, script);
  const address = stdout.trim();
  if (exitCode !== 0 || !addressInside(address, HOME.lan)) {
    throw new Error(
      `${machine} has no public address, and on the visitors' LAN (${HOME.lan}) ${address || "none"} ${stderr.trim()}. ` +
        "fix: name a virtual machine that has one, or an edge device that stands on that LAN",
    );
  }
  return address;
}

function follow(...args: readonly string[]): Following {
  const { command, args: all } = kubectlCommand(args);
  return following([command, ...all]);
}

/** One of the lab's commands. */
async function command(...args: readonly string[]): Promise<void> {
  await execa(process.execPath, ["lab/start.mjs", ...args], { cwd: PROJECT });
}

async function up(settings: Parameters<Site["up"]>[0]): Promise<void> {
  const own = process.env["STACK_FILE"] ?? "";
  const document = parseDocument(
    readFileSync(own === "" ? join(PROJECT, "Pulumi.lab.yaml") : own, "utf8"),
  );
  for (const [section, values] of Object.entries(settings)) {
    for (const [key, value] of Object.entries(values)) {
      document.setIn(["config", `fogline:${section}`, key], document.createNode(value));
    }
  }
  const folder = mkdtempSync(join(tmpdir(), "fogline-experiment-"));
  try {
    const file = join(folder, "Pulumi.lab.yaml");
    writeFileSync(file, document.toString());
    await execa(process.execPath, ["lab/start.mjs", "up"], {
      cwd: PROJECT,
      env: { STACK_FILE: file },
      stdout: "inherit",
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function parts(): ReturnType<Site["parts"]> {
  const text = readFileSync(join(RUN, "report.json"), "utf8");
  return Promise.resolve(PARTS.parse(JSON.parse(text)));
}
