/** `make network`: the overlay's members, queried from the network namespace of the operator's laptop. */
import { existsSync } from "node:fs";
import { join } from "node:path";

import { execa } from "execa";

import { bundle } from "../bundle.ts";
import { NETMAKER_ACCESS } from "../engine/outputs.ts";
import { NAMESPACES, PROJECT, RUN } from "../layout.ts";
import { readOutputs } from "./outputs.ts";

/** Default path of the diagram. */
const DIAGRAM = join(RUN, "network.svg");

/** Prints the overlay; of kind netmaker with the server's own counts, and a diagram. */
export async function overlay(svg = DIAGRAM): Promise<number> {
  const { overlay: members } = readOutputs() as {
    overlay?: readonly { readonly name: string; readonly address: string }[];
  };
  if (!existsSync(NETMAKER_ACCESS)) {
    process.stdout.write("Network of plain WireGuard: it has no server that could be asked\n\n");
    for (const { name, address } of members ?? []) {
      process.stdout.write(`${name.padEnd(16)}  ${address}\n`);
    }
    return 0;
  }
  const show = await bundle("components/overlay/netmaker/show.ts");
  const result = await execa(
    "nsenter",
    [
      ...[`--net=/run/netns/${NAMESPACES.laptop}`, process.execPath, show],
      ...[`--access=${NETMAKER_ACCESS}`, `--svg=${svg}`],
    ],
    { cwd: PROJECT, stdio: "inherit", reject: false },
  );
  return result.exitCode ?? 1;
}
