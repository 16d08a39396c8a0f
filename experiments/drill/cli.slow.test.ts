/** The command itself, against programs that stand for Pulumi, kubectl and ssh, and a website of this computer. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { PROJECT } from "../../lab/layout.ts";
import { OUTPUTS } from "../../operator/testing/scripted-run.ts";
import { clusterOf } from "./testing/place.ts";

/** No stack of anybody: what it leaves in the checkout is removed. */
const STACK = `trial-${process.pid}`;
const LEFT = join(PROJECT, ".fogline", "drills", STACK);
const TSX = fileURLToPath(import.meta.resolve("tsx"));

let place: string;
let server: Server;

beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), "fogline-drill-"));
  server = createServer((_, response) => response.end("the page"));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const outputs = { ...OUTPUTS, websiteUrls: [`http://127.0.0.1:${port}/`] };
  for (const folder of ["bin", "tmp"]) {
    mkdirSync(join(place, folder));
  }
  writeFileSync(join(place, `Pulumi.${STACK}.yaml`), "config: {}\n");
  const answer = clusterOf();
  const told = (did: string): string => {
    const said = answer(did);
    return typeof said === "string" ? said : "";
  };
  program("pulumi", `cat <<'END'\n${JSON.stringify(outputs)}\nEND`);
  program(
    "kubectl",
    `case "$*" in
      *--watch*) echo "ADDED raspberrypi True"; exec sleep 600 ;;
      *"get nodes"*) cat <<'END'\n${told("kubectl get nodes")}\nEND
      ;;
      *--selector=app=website*) cat <<'END'\n${told("kubectl get pods --namespace=website --selector=app=website")}\nEND
      ;;
      *"get pods --namespace"*) cat <<'END'\n${told("kubectl get pods --namespace=website")}\nEND
      ;;
    esac`,
  );
  // Says that it has begun, and does nothing.
  program(
    "ssh",
    `echo 'fogline: the script begins'; grep -E '^(ACTION|LIMIT)=' >>${place}/asked; exit 0`,
  );
});

afterEach(async () => {
  server.close();
  server.closeAllConnections();
  await once(server, "close");
  rmSync(place, { recursive: true });
  rmSync(LEFT, { recursive: true, force: true });
});

function program(name: string, text: string): void {
  writeFileSync(join(place, "bin", name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
}

/** Scripts that machines were given. */
function asked(): string {
  const file = join(place, "asked");
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

function drill(...args: readonly string[]) {
  const cli = join(import.meta.dirname, "cli.ts");
  return execa(process.execPath, ["--import", TSX, cli, ...args], {
    ...{ cwd: place, reject: false, stdin: "ignore", all: true },
    env: { PATH: `${join(place, "bin")}:${process.env["PATH"] ?? ""}`, TMPDIR: join(place, "tmp") },
  });
}

describe("make drill", () => {
  it("begins nothing without consent, and leaves no kubeconfig", async () => {
    const { exitCode, stderr } = await drill(
      `--stack=${STACK}`,
      "--fault=k3s-stop",
      "--node=Attic",
    );
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^The drill has 2 problems; nothing was begun\.\n/);
    expect(stderr).toContain(`ARGS=--yes=${STACK} agrees beforehand`);
    expect(asked()).toBe("");
    expect(readdirSync(join(place, "tmp")).filter((name) => name.startsWith("fogline"))).toEqual(
      [],
    );
  });

  it("undoes its fault when it is ended from outside", async () => {
    const running = drill(
      ...[`--stack=${STACK}`, `--yes=${STACK}`, "--fault=k3s-stop", "--node=raspberrypi"],
    );
    await expect.poll(asked).toContain("ACTION='stop'\nLIMIT='180'\n");
    expect(readFileSync(join(LEFT, `${STACK}.json`), "utf8")).toContain("k3s-stop");
    running.kill("SIGINT");
    const { exitCode, all } = await running;
    expect(all).toContain("What visitors will notice:");
    expect(all).toContain("SIGINT: undoes what is in force, and ends");
    expect(exitCode).toBe(130);
    expect(asked()).toMatch(/ACTION='start'\n$/);
    expect(existsSync(join(LEFT, `${STACK}.json`))).toBe(false);
    expect(readdirSync(join(place, "tmp")).filter((name) => name.startsWith("fogline"))).toEqual(
      [],
    );
  });
});
