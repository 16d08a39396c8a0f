/**
 * What the guide asks of Azure, asked with the official `az` of a loopback endpoint
 * (guide/testing/arm.ts). `node --import tsx guide/testing/azure-cli.ts` installs `az`; `make test-long`
 * does, too.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { Azure } from "./azure.ts";
import { runner, type Run } from "./command.ts";
import { goThrough } from "./step.ts";
import { login } from "./steps/login.ts";
import { providers } from "./steps/providers.ts";
import { region } from "./steps/region.ts";
import { Arm, NOT_AVAILABLE, OTHER_SUBSCRIPTION, ready, sku, SUBSCRIPTION } from "./testing/arm.ts";
import { azEnvironment, installedAz, logIn } from "./testing/azure-cli.ts";
import { Table } from "./testing/table.ts";

const az = installedAz();

describe.skipIf(az === undefined)("the official az, asked by the guide", () => {
  const folder = mkdtempSync(join(tmpdir(), "fogline-az-"));
  let arm: Arm;
  let run: Run;

  beforeAll(async () => {
    arm = await Arm.listen();
    const env = azEnvironment(folder, arm);
    const real = runner(folder, new AbortController().signal);
    run = (program, args, options) =>
      real(program === "az" ? (az ?? "az") : program, args, { ...options, env });
  });
  afterAll(async () => {
    await arm[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    Object.assign(arm.cloud, ready());
  });

  it("says that nobody is logged in, and to log in", async () => {
    using table = new Table({ run });
    expect(await new Azure(run).accounts()).toEqual([]);
    expect(await goThrough([login], table.site)).toBe(false);
    expect(table.said).toContain("nobody is logged in to Azure");
    expect(table.said).toContain("fix: az login");
    // What is asked without a login is told in the same way.
    await expect(new Azure(run).registrationOf("Microsoft.Network")).rejects.toThrow(
      /Azure asks for a new login[^]*fix: az login/,
    );
  });

  it("goes from a new subscription to image, sizes and cores", async () => {
    arm.cloud.registrations = {};
    await logIn(az ?? "az", folder, arm);
    using table = new Table({ run, answers: { yes: true } });
    expect(await goThrough([login, providers, region], table.site)).toBe(true);
    expect(table.said).toContain(`subscription Pay as you go (${SUBSCRIPTION})`);
    expect(table.said).toContain("Microsoft.Network and Microsoft.Compute are registered now");
    expect(table.said).toContain("cores enough");
    // A second time nothing is left to do.
    using second = new Table({ run, home: table.home });
    arm.requests.length = 0;
    expect(await goThrough([login, providers, region], second.site)).toBe(true);
    expect(arm.requests.filter((request) => request.startsWith("POST"))).toEqual([]);
  });

  it("tells an image that was withdrawn, a size that is restricted and cores that lack", async () => {
    arm.cloud.versions = ["0.20261012.2630"];
    arm.cloud.skus = [
      sku("Standard_B2pls_v2", "standardBpsv2Family", { restrictions: [NOT_AVAILABLE] }),
      sku("Standard_B2ps_v2", "standardBpsv2Family"),
    ];
    arm.cloud.usage = { cores: [2, 4], standardBpsv2Family: [2, 4] };
    using table = new Table({ run });
    expect(await goThrough([region], table.site)).toBe(false);
    expect(table.said).toContain("was withdrawn, or never there");
    expect(table.said).toContain(
      "write cloud.image: Debian:debian-13:13-arm64:0.20261012.2630, the newest one of its kind",
    );
    expect(table.said).toContain("MasterNode: Standard_B2pls_v2 is not to be had in eastus");
    expect(table.said).toContain("give MasterNode another size: Standard_B2ps_v2");
    expect(table.said).toContain("4 more cores of Total Regional vCPUs in eastus: 2 of 4 are used");
    expect(table.said).toContain("a free account keeps 4 cores");
  });

  it("tells who may register what the account may not", async () => {
    arm.cloud.registrations = { "Microsoft.Network": "Registered" };
    arm.cloud.mayRegister = false;
    using table = new Table({ run, answers: { yes: true } });
    expect(await goThrough([providers], table.site)).toBe(false);
    expect(table.said).toContain("Microsoft.Compute cannot be registered");
    expect(table.said).toContain("AuthorizationFailed");
    expect(table.said).toContain("az provider register --namespace Microsoft.Compute");
  });

  it("lists subscriptions where there are several, and keeps the one that is chosen", async () => {
    arm.cloud.subscriptions.push({ id: OTHER_SUBSCRIPTION, name: "Company", state: "Enabled" });
    await logIn(az ?? "az", folder, arm);
    using table = new Table({ run, answers: { subscription: "company" } });
    expect(await goThrough([login], table.site)).toBe(true);
    expect(table.environment["ARM_SUBSCRIPTION_ID"]).toBe(OTHER_SUBSCRIPTION);
    using nobody = new Table({ run });
    expect(await goThrough([login], nobody.site)).toBe(false);
    expect(nobody.said).toContain("nobody is at the terminal to answer: Which one pays?");
  });
});
