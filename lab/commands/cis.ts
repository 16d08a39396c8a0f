/** `make cis`: the checks of the CIS benchmark on the lab's cluster, asked from beside its machines. */
import { readdirSync } from "node:fs";

import { execa } from "execa";

import { evaluate, report, type Result } from "../../cis/checks.ts";
import { gather } from "../../cis/gather.ts";
import { MACHINES } from "../layout.ts";
import { runInside } from "../machines/machine.ts";
import { LabError } from "../progress.ts";
import { kubectlCommand } from "./kubectl.ts";

/** How every check ends on the lab that is up. */
export async function results(): Promise<readonly Result[]> {
  const facts = await gather({
    kubectl: async (...given) => {
      const { command, args } = kubectlCommand(given);
      return (await execa(command, args)).stdout;
    },
    run: async (node, script) => {
      const machine = readdirSync(MACHINES).find((name) => name.toLowerCase() === node);
      const { exitCode, stdout, stderr } = await runInside(machine ?? node, script);
      if (exitCode !== 0) {
        throw new LabError("cis", "cis/gather.sh", `${node}: ${stderr}`, "make status");
      }
      return stdout;
    },
  });
  return evaluate(facts);
}

/** Prints the list; fails where a check does. */
export async function cis(): Promise<number> {
  const all = await results();
  process.stdout.write(report(all));
  return all.some(({ status }) => status === "FAIL") ? 1 : 0;
}
