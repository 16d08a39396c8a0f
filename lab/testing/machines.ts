/** Looking at machines from beside them, never over their network: tests count what they do there. */
import { readdirSync } from "node:fs";

import { MACHINES } from "../layout.ts";
import { runInside } from "../machines/machine.ts";

/** Names of the lab's machines. */
export function machines(): string[] {
  return readdirSync(MACHINES).filter((name) => !name.startsWith("."));
}

/** What a script prints on a machine. */
export async function inside(machine: string, script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await runInside(machine, script);
  if (exitCode !== 0) {
    throw new Error(`${machine}: exit code ${exitCode}: ${stderr}`);
  }
  return stdout;
}

/** A machine's own address in the network of its pods. */
export async function podsAddress(machine: string): Promise<string> {
  const bridge = await inside(machine, "ip -4 -json address show cni0");
  const [
    {
      addr_info: [{ local }],
    },
  ] = JSON.parse(bridge) as [{ addr_info: [{ local: string }] }];
  return local;
}

/** How many SSH logins a machine's sshd has accepted since it was first booted. */
export async function sshLogins(machine: string): Promise<number> {
  return Number(await inside(machine, "journalctl -u ssh --no-pager | grep -c Accepted || true"));
}
