/** The script of a DaemonCheck before a cluster whose answers are written down. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { execa } from "execa";
import { afterAll, describe, expect, it } from "vitest";

import { render } from "../remote/render.ts";
import { readScript } from "../remote/script.ts";

const folder = mkdtempSync(join(tmpdir(), "fogline-daemon-"));
const script = readScript(join(import.meta.dirname, "scripts", "daemon.sh"));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const PORT_TAKEN =
  '"ERR error=\\"error while building entryPoint web: listen tcp :80: bind: address already in use\\"\\n"';

/**
 * Runs it where `k3s kubectl` prints these pods; the node called `away` is not Ready.
 *
 * @param wanted nodes that the DaemonSet is meant for; default: those of the pods
 */
async function check(
  pods: readonly string[],
  limit = 60,
  ports = "",
  wanted = new Set(pods.map((pod) => pod.split("|")[0])).size,
): Promise<{ code: number; said: string }> {
  const program = join(folder, "k3s");
  writeFileSync(
    program,
    `#!/bin/sh
case "$*" in
  *controllerrevisions*) printf new ;;
  *"get daemonset traefik "*) printf ${wanted} ;;
  *"get nodes"*) printf 'workernode True\\nraspberrypi True\\naway Unknown\\n' ;;
  *"get pods --all-namespaces"*"spec.nodeName=raspberrypi,"*) printf '${ports}' ;;
  *"get pods"*) cat <<'LINES'
${pods.join("\n")}
LINES
;;
esac
`,
  );
  chmodSync(program, 0o755);
  const values = { NAMESPACE: "ingress", DAEMONSET: "traefik", SECONDS_LIMIT: String(limit) };
  const { exitCode, stderr } = await execa("bash", ["-s", "--", "create"], {
    input: render(script, values),
    env: { PATH: `${folder}:${process.env["PATH"] ?? ""}` },
    reject: false,
  });
  return { code: exitCode ?? -1, said: stderr };
}

describe("the check of a DaemonSet", () => {
  it("is content when the newest pod is ready on every node that is up", async () => {
    const { code, said } = await check([
      "workernode|new|true|0||",
      `raspberrypi|new|true|7||${PORT_TAKEN}`,
      "away|old|false|0||",
    ]);
    expect(code).toBe(0);
    expect(said).toContain("not Ready: away");
  });

  it("names the node and the port that another program has, and what to do", async () => {
    const { code, said } = await check([
      "workernode|new|true|0||",
      `raspberrypi|new|false|2|CrashLoopBackOff|${PORT_TAKEN}`,
    ]);
    expect(code).toBe(1);
    expect(said).toContain("traefik cannot start on raspberrypi: port 80 of that machine is taken");
    expect(said).toContain("ss -ltnp 'sport = :80'");
    expect(said).not.toContain("workernode");
  });

  it("names the other pod that has the port", async () => {
    const pods = [`raspberrypi|new|false|2|CrashLoopBackOff|${PORT_TAKEN}`];
    const { code, said } = await check(pods, 60, "8080|home/proxy-x\\n80|home/pi-hole-5d9\\n");
    expect(code).toBe(1);
    expect(said).toContain("port 80 of that machine is taken by the pod home/pi-hole-5d9.");
    expect(said).not.toContain("ss -ltnp");
  });

  it("shows the last words of a pod that ends for another reason", async () => {
    const { code, said } = await check(['workernode|new|false|3|CrashLoopBackOff|"no such flag"']);
    expect(code).toBe(1);
    expect(said).toContain('cannot start on workernode: "no such flag"');
  });

  it("waits for the new pod where the old one is being deleted", async () => {
    const { code, said } = await check(
      ["workernode|new|true|0||", "raspberrypi|leaving|true|0||"],
      1,
    );
    expect(code).toBe(1);
    expect(said).toMatch(/is not ready after 1 s on: raspberrypi;/);
  });

  it("waits for the pod of a node that has none yet", async () => {
    const { code, said } = await check(["workernode|new|true|0||"], 1, "", 2);
    expect(code).toBe(1);
    expect(said).toMatch(/is not ready after 1 s on: 1 without a pod;/);
  });

  it.each([
    ["is not ready", "workernode|new|false|0|ContainerCreating|"],
    ["is of before the change", "workernode|old|true|0||"],
    ["does not exist", ""],
  ])("ends after its limit where a pod %s", async (_, pod) => {
    const { code, said } = await check([pod], 1);
    expect(code).toBe(1);
    expect(said).toMatch(/traefik is not ready after 1 s on: ?(every node|workernode)/);
  });
});
