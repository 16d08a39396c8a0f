/** The program that has nodes keep their leases, with a K3s whose API is files. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { execa } from "execa";
import { afterEach, beforeEach, expect, it } from "vitest";

import { LEASES_PROGRAM } from "./scripts.ts";

/**
 * A folder with a file for each node's lease, and one that names the nodes that are Ready. A kubelet renews its lease
 * when it has been looked at as often as the file `renews/NODE` says.
 */
const K3S = `#!/bin/bash
set -euo pipefail
cd "$STATE"
case "$*" in
  *"get nodes"*) [ ! -e deaf ] || { rm deaf; exit 1; }; cat ready ;;
  *"get leases"*)
    echo x >>looks
    for lease in leases/*; do
      node=\${lease#leases/}
      if [ "$(cat "renews/$node" 2>/dev/null || echo never)" = "$(wc -l <looks)" ]; then
        echo 2026-01-01T00:00:01.000000Z >"$lease"
      fi
      echo "$node $(cat "$lease")"
    done
    ;;
  *"patch lease"*)
    sed 's/.*--patch [^ ]* //' <<<"$*" >>patches
    time=$(sed -E 's/.*"renewTime":"([^"]*)".*/\\1/' <<<"$*")
    for lease in leases/*; do
      case " $* " in *" \${lease#leases/} "*) echo "$time" >"$lease" ;; esac
    done
    ;;
esac
`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fogline-leases-"));
  for (const name of ["leases", "renews", "bin"]) {
    mkdirSync(join(folder, name));
  }
  const program = join(folder, "bin", "k3s");
  writeFileSync(program, K3S);
  chmodSync(program, 0o755);
  writeFileSync(join(folder, "ready"), "masternode\nraspberrypi\n");
  for (const node of ["masternode", "raspberrypi", "attic"]) {
    writeFileSync(join(folder, "leases", node), "2026-01-01T00:00:00.000000Z\n");
  }
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** @returns what it said, and the nodes of each renewal */
async function ran(patience: number): Promise<{ said: string; renewals: string[] }> {
  const { stdout } = await execa("bash", [LEASES_PROGRAM, String(patience)], {
    env: { STATE: folder, PATH: `${join(folder, "bin")}:${process.env["PATH"] ?? ""}` },
  });
  const renewals = readFileSync(join(folder, "patches"), "utf8").trim().split("\n");
  return { said: stdout, renewals };
}

function renews(node: string, look: number): void {
  writeFileSync(join(folder, "renews", node), `${look}\n`);
}

it("leases of nodes that were Ready are renewed until their kubelets do, and no others", async () => {
  renews("masternode", 2);
  renews("raspberrypi", 4);
  writeFileSync(join(folder, "deaf"), "");
  const { said, renewals } = await ran(600);
  // The order of bash's own table.
  expect(renewals.map((nodes) => nodes.split(" ").sort())).toEqual([
    ["masternode", "raspberrypi"],
    ["raspberrypi"],
    ["raspberrypi"],
  ]);
  expect(said).toBe("");
  expect(readFileSync(join(folder, "leases", "attic"), "utf8")).toContain("T00:00:00");
});

it("a node that stays silent is left to the server in the end", async () => {
  renews("masternode", 2);
  const { said } = await ran(2);
  expect(said).toBe("<4>not heard of within 2 s, and left to the server: raspberrypi");
});
