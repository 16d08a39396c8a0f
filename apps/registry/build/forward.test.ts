import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { forwarded } from "./forward.ts";
import { BuildError } from "./order.ts";

const server = createServer((_, answer) => answer.end());
let folder: string;
let path: string | undefined;
let port: number;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "fogline-forward-"));
  path = process.env["PATH"];
  process.env["PATH"] = folder;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});

afterEach(async () => {
  process.env["PATH"] = path;
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

/** A kubectl that notes its arguments and process, then does as the script says. */
function kubectl(script: string): void {
  const text = `#!/bin/bash\necho $$ "$@" >>${folder}/calls\n${script}\n`;
  writeFileSync(join(folder, "kubectl"), text, { mode: 0o755 });
}

const calls = (): string[] => readFileSync(join(folder, "calls"), "utf8").trim().split("\n");

describe("the way to the registry", () => {
  it("leads to the pod's loopback, by the given kubeconfig, and is closed afterwards", async () => {
    kubectl(`echo "Forwarding from 127.0.0.1:${port} -> 5001"; exec /bin/sleep 60`);
    const kubeconfig = join(folder, "kubeconfig");
    expect(await forwarded(kubeconfig, (url) => Promise.resolve(url))).toBe(
      `http://127.0.0.1:${port}`,
    );
    const [pid = "", ...words] = calls()[0]?.split(" ") ?? [];
    expect(words).toEqual([
      `--kubeconfig=${kubeconfig}`,
      `--cache-dir=${folder}/kubectl-cache`,
      ...["port-forward", "--namespace=registry", "--address=127.0.0.1"],
      ...["--pod-running-timeout=60s", "deployment/registry", ":5001"],
    ]);
    expect(() => process.kill(Number(pid), 0)).toThrow("ESRCH");
  });

  it("is opened anew while the pod starts", async () => {
    kubectl(`
if [ ! -e ${folder}/second ]; then
  : >${folder}/second
  echo "error: lost connection to pod" >&2
  exit 1
fi
echo "Forwarding from 127.0.0.1:${port} -> 5001"
exec /bin/sleep 60`);
    expect(await forwarded("/k", () => Promise.resolve("used"))).toBe("used");
    expect(calls()).toHaveLength(2);
  });

  it("says what kubectl says where it stays closed", async () => {
    kubectl('echo "error: You must be logged in to the server" >&2; exit 1');
    const closed = forwarded("/k", () => Promise.resolve(), 1);
    await expect(closed).rejects.toThrow(BuildError);
    await expect(closed).rejects.toThrow(
      "the cluster's registry does not answer within 1 s: error: You must be logged in to the server",
    );
  });

  it("needs kubectl, and says so at once", async () => {
    await expect(forwarded("/k", () => Promise.resolve())).rejects.toThrow(
      "kubectl is not installed on this computer",
    );
  });
});
