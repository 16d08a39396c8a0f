/** One more app in the list: built, deployed and served by the lab, and gone again without it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";

import { forwarderUrl } from "../../forwarder.ts";
import { STORE } from "../../images/store.ts";
import { PROJECT } from "../../layout.ts";
import { ask, lab, until } from "../../testing/lab.ts";
import { start } from "../../testing/host/up.ts";

const folder = mkdtempSync(join(tmpdir(), "fogline-app-"));

beforeAll(() => {
  // An earlier run may have built the image: it is to be built here.
  rmSync(join(STORE, "docker", "registry", "v2", "repositories", "fogline", "hello"), {
    recursive: true,
    force: true,
  });
  const file = parse(readFileSync(join(PROJECT, "Pulumi.lab.yaml"), "utf8")) as {
    config: Record<string, unknown>;
  };
  file.config["fogline:hello"] = { enabled: true, greeting: "Good morning" };
  const stackFile = join(folder, "Pulumi.lab.yaml");
  writeFileSync(stackFile, stringify(file));
  process.env["STACK_FILE"] = stackFile;
  process.env["APPS_LIST"] = "testing/fixtures/apps/index.ts";
});

afterAll(() => {
  delete process.env["STACK_FILE"];
  delete process.env["APPS_LIST"];
  rmSync(folder, { recursive: true });
});

describe("an app of a folder and a line", () => {
  it("is built and deployed by make up, which shows the time of its image", async () => {
    const { exitCode, said } = await start("up").ended;
    expect(exitCode, said).toBe(0);
    expect(said).toMatch(/image hello +\d/);
  });

  it("is served by the ingress beside the website", async () => {
    const site = forwarderUrl() ?? "";
    const greeting = await until("the greeting", async () => {
      const { status, body } = await ask(new URL("/hello", site).href);
      return status === 200 ? body : undefined;
    });
    expect(greeting).toBe("Good morning\n");
    expect((await ask(site)).body).toContain("favourite animal");
  });

  it("is shown by make status with its pods and its address", async () => {
    expect(await lab("status")).toMatch(/^hello +2 of 2 pods run +http:\S+\/hello$/m);
    expect(await lab("logs", "hello")).toContain("Running on port 8080");
  });

  it("goes with its line, and leaves the website as it is", async () => {
    delete process.env["STACK_FILE"];
    delete process.env["APPS_LIST"];
    const { exitCode, said } = await start("up").ended;
    expect(exitCode, said).toBe(0);
    expect(await lab("kubectl", "get", "namespaces", "--output=name")).not.toContain("hello");
    expect((await ask(forwarderUrl() ?? "")).status).toBe(200);
  });
});
