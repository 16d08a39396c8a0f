import { chmodSync, existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";

import { fingerprint } from "./device.ts";
import { goThrough } from "./step.ts";
import { STEPS } from "./steps/index.ts";
import { ANSWERS, makeKey, only } from "./testing/answers.ts";
import { NOT_AVAILABLE, OTHER_SUBSCRIPTION, sku, SUBSCRIPTION } from "./testing/arm.ts";
import { Computer, HOST_KEY, OTHER_HOST_KEY, put } from "./testing/computer.ts";
import { Table, type TableOptions } from "./testing/table.ts";

let computer: Computer;

beforeEach(() => (computer = new Computer()));

function tableOf(options: Partial<TableOptions> = {}): Table {
  const table = new Table({ run: computer.run, ...options });
  // What looks the sums up writes them into the stack file.
  computer.pin = () => {
    put(table.site.file.path, table.settings.replaceAll(/0{64}/g, "a".repeat(64)), 0o644);
    return undefined;
  };
  computer.checkout = table.checkout;
  // The key of this test's person, not of whoever runs the test.
  const path = join(table.home, ".ssh/id_ed25519");
  table.site.file.write([{ section: "operator", path: ["sshKey"], value: path }]);
  return table;
}

/** Goes through one step that cannot go on; what was said. */
async function stopsAt(name: string, options: Partial<TableOptions> = {}): Promise<string> {
  using table = tableOf(options);
  expect(await goThrough(only(name), table.site)).toBe(false);
  expect(table.said).toContain(`Stopped at step 1, ${name}`);
  expect(table.said).toContain("fix: ");
  return table.said;
}

describe("the whole way", () => {
  it("has ten steps, and leads from an empty subscription to the plan without a person", async () => {
    expect(STEPS).toHaveLength(10);
    computer.cloud.registrations = {};
    using table = tableOf({ answers: ANSWERS });
    expect(await goThrough(STEPS, table.site)).toBe(true);
    const { config } = parse(table.settings) as { config: Record<string, unknown> };
    expect(config["fogline:cloud"]).toMatchObject({ sshFrom: ["198.41.0.4/32"] });
    expect(config["fogline:edge"]).toEqual([
      { name: "raspberrypi", host: "192.168.1.77", hostKey: HOST_KEY },
    ]);
    // Comments and all other lines stay.
    expect(table.settings).toContain("# Yours: your address as the internet sees it.\n");
    expect(table.settings).toContain("    sshFrom: [198.41.0.4/32]\n");
    expect(table.environment).toEqual({
      ARM_SUBSCRIPTION_ID: SUBSCRIPTION,
      PULUMI_BACKEND_URL: "file://~?metadata=skip",
      PULUMI_CONFIG_PASSPHRASE_FILE: table.site.files.passphrase,
    });
    expect(statSync(table.site.files.passphrase).mode & 0o777).toBe(0o600);
    expect(Object.keys(computer.stacks)).toEqual(["dev"]);
    expect(table.said).toContain("Nothing is made yet, and nothing is billed");
    expect(table.said).toContain("pulumi up --stack dev --policy-pack policy");
  });

  it("changes nothing when it is gone through again, and names what is there", async () => {
    using first = tableOf({ answers: ANSWERS });
    expect(await goThrough(STEPS, first.site)).toBe(true);
    computer.ran.length = 0;
    const settings = first.site.file.path;
    const before = readFileSync(settings, "utf8");
    // Nobody answers: a step that asks would stop.
    using again = new Table({ run: computer.run, home: first.home, settings });
    expect(await goThrough(STEPS, again.site)).toBe(true);
    expect(again.settings).toBe(before);
    const changing = /^az (account set|login|provider register)|init|ssh-keygen|make .*pin/;
    expect(computer.ran.filter((command) => changing.test(command))).toEqual([]);
    expect(again.said).toContain("[7/10] The device at the edge\n  ✔ raspberrypi: pi@192.168.1.77");
  });

  it("makes nothing that is billed, shows no secret, and gives none to a command", async () => {
    using table = tableOf({ answers: ANSWERS });
    await goThrough(STEPS, table.site);
    const harmless =
      /^az (version|account (list|set)|provider (show|register)|vm (image (show|list)|list-skus|list-usage|list)) /;
    const azure = computer.ran.filter((command) => command.startsWith("az "));
    expect(azure.filter((command) => !harmless.test(command))).toEqual([]);
    expect(computer.ran.filter((command) => command.startsWith("make "))).toEqual([
      "make --no-print-directory pin STACK=dev ARGS=--only=stack",
      "make --no-print-directory plan STACK=dev",
    ]);
    expect(computer.ran.filter((command) => command.startsWith("pulumi up"))).toEqual([]);
    const passphrase = readFileSync(table.site.files.passphrase, "utf8").trim();
    expect(passphrase.length).toBeGreaterThan(30);
    for (const text of [table.said, ...computer.ran]) {
      expect(text).not.toContain(passphrase);
      expect(text).not.toContain("PRIVATE KEY");
    }
  });
});

describe("programs", () => {
  it("that are missing or too old are told at once, each with its fix", async () => {
    delete computer.versions["az"];
    computer.versions["pulumi"] = "v3.249.9";
    computer.versions["kubectl"] = '{"clientVersion": {"gitVersion": "v1.34.9"}}';
    delete computer.versions["curl"];
    delete computer.versions["buildah"];
    computer.hasSudo = false;
    const said = await stopsAt("tools");
    expect(said).toContain("az is not installed");
    expect(said).toContain("pulumi 3.249.9 is too old: 3.250.0 or newer is needed");
    expect(said).toContain("kubectl 1.34.9 is too old: 1.35 or newer is needed");
    expect(said).toMatch(/none of buildah, podman and docker[^]*fix: .*apt install curl buildah$/m);
    expect(said.match(/fix: /g)).toHaveLength(process.getuid?.() === 0 ? 4 : 5);
  });
});

describe("login", () => {
  it("is the person's own where nobody is logged in", async () => {
    computer.isLoggedIn = false;
    expect(await stopsAt("login")).toContain("nobody is logged in to Azure");
    using table = tableOf({ types: [] });
    expect(await goThrough(only("login"), table.site)).toBe(true);
    expect(computer.ran).toContain("az login --output none");
  });

  it("asks which subscription pays where there are two, and takes no unknown one", async () => {
    const other = { id: OTHER_SUBSCRIPTION, name: "Company", state: "Enabled" };
    computer.cloud.subscriptions.push(other);
    expect(await stopsAt("login")).toContain("answer with ARGS=--subscription=…");
    const wrong = await stopsAt("login", { answers: { subscription: "Firm" } });
    expect(wrong).toContain("--subscription=Firm is none of the account's");
    expect(wrong).toContain(`| Company (${OTHER_SUBSCRIPTION})`);
    using table = tableOf({ types: ["3", "2"] });
    expect(await goThrough(only("login"), table.site)).toBe(true);
    expect(table.environment["ARM_SUBSCRIPTION_ID"]).toBe(OTHER_SUBSCRIPTION);
    expect(table.said).toContain(`1) Pay as you go (${SUBSCRIPTION})`);
  });

  it("passes over subscriptions that are disabled", async () => {
    computer.cloud.subscriptions = [{ id: SUBSCRIPTION, name: "Ended", state: "Disabled" }];
    expect(await stopsAt("login", { types: [] })).toContain("no subscription that may be used");
  });
});

describe("resource providers", () => {
  it("that never get registered end the waiting", async () => {
    computer.cloud.registrations = { "Microsoft.Network": "Registered" };
    computer.cloud.looks = Infinity;
    const said = await stopsAt("providers", { answers: { yes: true } });
    expect(said).toContain("Microsoft.Compute is Registering");
    expect(said).toContain("it goes on waiting");
  });

  it("are not registered without the person's word, nor without the right to it", async () => {
    computer.cloud.registrations = {};
    const refused = await stopsAt("providers", { types: ["n"] });
    expect(refused).toContain("az provider register --namespace Microsoft.Network");
    expect(computer.ran.filter((command) => command.includes("provider register"))).toEqual([]);
    computer.cloud.mayRegister = false;
    const said = await stopsAt("providers", { answers: { yes: true } });
    expect(said).toContain("AuthorizationFailed");
    expect(said).toContain("have an owner of the subscription run");
  });
});

describe("the region", () => {
  it("tells image, sizes and cores that lack, all at once, with what there is instead", async () => {
    computer.cloud.versions = ["0.20261012.2630", "0.20260901.2500"];
    computer.cloud.skus = [
      sku("Standard_B2pls_v2", "standardBpsv2Family", { restrictions: [NOT_AVAILABLE] }),
      sku("Standard_D2ps_v5", "standardDPSv5Family"),
      sku("Standard_B2ps_v2", "standardBpsv2Family"),
    ];
    computer.cloud.usage = { cores: [1, 4], standardBpsv2Family: [0, 10] };
    const said = await stopsAt("region");
    expect(said).toContain("write cloud.image: Debian:debian-13:13-arm64:0.20261012.2630");
    expect(said).toContain("NotAvailableForSubscription");
    expect(said).toContain("another size: Standard_B2ps_v2, Standard_D2ps_v5");
    expect(said).toContain("needs 4 more cores of Total Regional vCPUs in eastus: 1 of 4 are used");
    expect(said).toContain("upgrade it to pay-as-you-go");
  });

  it("counts no cores of machines that stand", async () => {
    computer.cloud.usage = { cores: [4, 4], standardBpsv2Family: [4, 4] };
    computer.cloud.machines = ["MasterNode", "WorkerNode"].map((name) => ({
      ...{ name, resourceGroup: "CLOUDSTEP", size: "Standard_B2pls_v2" },
    }));
    using table = tableOf();
    expect(await goThrough(only("region"), table.site)).toBe(true);
  });

  it("has four cores for a free account, which prod needs more of, and zones", async () => {
    computer.cloud.usage = { cores: [0, 4], standardBpsv2Family: [0, 4] };
    computer.cloud.skus = [sku("Standard_B2pls_v2", "standardBpsv2Family", { zones: ["1"] })];
    const said = await stopsAt("region", { settings: "Pulumi.prod.yaml" });
    expect(said).toContain("the stack needs 6 more cores");
    expect(said).toContain("WorkerNode2: Standard_B2pls_v2 is not to be had in eastus, zone 2");
    expect(said).toContain("or leave the zone of WorkerNode2 out");
  });

  it("asks for a new login when the old one is no longer good", async () => {
    computer.isLoggedIn = false;
    expect(await stopsAt("region")).toContain("fix: az login");
  });
});

describe("the address", () => {
  it.each([
    ["192.168.1.5", "is this computer's address at home"],
    ["100.64.0.9", "is not seen on the internet"],
    ["203.0.113.7", "is an address for documentation"],
    ["0.0.0.0/0", "would open SSH to the whole internet"],
    ["home", "is neither an IPv4 address nor a range"],
  ])("is not %s", async (address, problem) => {
    expect(await stopsAt("address", { answers: { address } })).toContain(problem);
  });

  it("is asked of a service only when the person names one", async () => {
    using table = tableOf({ answers: { "address-from": "https://address.test" } });
    expect(await goThrough(only("address"), table.site)).toBe(true);
    expect(table.settings).toContain("sshFrom: [198.41.0.4/32]");
    computer.address = "<html>";
    const options = { answers: { "address-from": "https://address.test" } };
    expect(await stopsAt("address", options)).toContain("is neither an IPv4 address");
  });
});

describe("the SSH key", () => {
  it("with a passphrase stays as it is, and another one is made for the stack", async () => {
    using table = tableOf({ answers: { yes: true } });
    const path = await makeKey(table, "a passphrase");
    const before = readFileSync(path, "utf8");
    expect(await goThrough(only("key"), table.site)).toBe(true);
    expect(readFileSync(path, "utf8")).toBe(before);
    expect(existsSync(`${path}-fogline.pub`)).toBe(true);
    expect(table.settings).toContain(`sshKey: ${path}-fogline`);
    expect(await goThrough(only("key"), table.site)).toBe(true);
  });

  it("whose halves do not fit is the person's to put right", async () => {
    using table = tableOf({ answers: { yes: true } });
    const path = await makeKey(table);
    put(`${path}.pub`, HOST_KEY);
    expect(await goThrough(only("key"), table.site)).toBe(false);
    expect(table.said).toContain("is the public half of another key");
  });
});

describe("the device", () => {
  async function ready(options: Partial<TableOptions>): Promise<Table> {
    const table = tableOf(options);
    await makeKey(table);
    return table;
  }

  it("with another host key than last time is not trusted", async () => {
    using table = await ready({ answers: ANSWERS });
    expect(await goThrough(only("device"), table.site)).toBe(true);
    computer.device.hostKey = OTHER_HOST_KEY;
    const settings = table.site.file.path;
    using again = new Table({ run: computer.run, home: table.home, settings });
    expect(await goThrough(only("device"), again.site)).toBe(false);
    expect(again.said).toContain(`${fingerprint(OTHER_HOST_KEY)}, not ${fingerprint(HOST_KEY)}`);
    expect(again.said).toContain("another computer answers at its address");
  });

  it("is trusted only when the fingerprint is confirmed", async () => {
    for (const options of [
      { answers: { ...ANSWERS, fingerprint: fingerprint(OTHER_HOST_KEY) } },
      { answers: { device: "pi@192.168.1.77" } },
      { types: ["pi@192.168.1.77", "no"] },
    ]) {
      using table = await ready(options);
      expect(await goThrough(only("device"), table.site)).toBe(false);
      expect(table.settings).not.toContain(HOST_KEY);
    }
  });

  it("that is off is told with what to look at", async () => {
    computer.device.hostKey = undefined;
    using table = await ready({ answers: ANSWERS });
    expect(await goThrough(only("device"), table.site)).toBe(false);
    expect(table.said).toContain("192.168.1.77 does not answer on port 22");
    expect(table.said).toContain("--device=none");
  });

  it("gets key and sudo at a terminal, after the person's word", async () => {
    Object.assign(computer.device, { hasKey: false, hasSudo: false });
    using table = await ready({ types: ["", "yes", "y", "y"] });
    expect(await goThrough(only("device"), table.site)).toBe(true);
    expect(computer.device).toMatchObject({ hasKey: true, hasSudo: true });
    expect(table.said).toContain("visudo -cqf");
  });

  it("is told the two commands where nobody can be asked", async () => {
    Object.assign(computer.device, { hasKey: false, hasSudo: false });
    using table = await ready({ answers: ANSWERS });
    expect(await goThrough(only("device"), table.site)).toBe(false);
    expect(table.said).toContain("authorized_keys");
    computer.device.hasKey = true;
    using second = await ready({ answers: ANSWERS });
    expect(await goThrough(only("device"), second.site)).toBe(false);
    expect(second.said).toContain("/etc/sudoers.d/fogline-operator");
  });

  it("that refuses sudo is told so", async () => {
    Object.assign(computer.device, { hasSudo: false, obeys: false });
    using table = await ready({ types: ["", "yes", "y"] });
    expect(await goThrough(only("device"), table.site)).toBe(false);
    expect(table.said).toContain("pi is not in the sudoers file");
  });

  it("may be none", async () => {
    using table = await ready({ answers: { device: "none" } });
    expect(await goThrough(only("device"), table.site)).toBe(true);
    expect((parse(table.settings) as { config: object }).config).toMatchObject({
      "fogline:edge": [],
    });
  });
});

describe("sums and digests", () => {
  it("that cannot be looked up, or stay open, stop the guide", async () => {
    using table = tableOf();
    computer.pin = () => "could not resolve host";
    expect(await goThrough(only("pins"), table.site)).toBe(false);
    expect(table.said).toContain("could not resolve host");
    computer.pin = () => undefined;
    expect(await goThrough(only("pins"), table.site)).toBe(false);
    expect(table.said).toMatch(/still open: .*fogline:ingress\.image/);
  });
});

describe("state and secrets", () => {
  /** What Pulumi 3.250.0 wrote for the passphrase "of this test alone". */
  const SALT = "v1:QO/qOf/e+vM=:v1:sKRtltBDQES3Pw0N:Yn2qexq3b3629hrjexq0MNigwId97A==";

  it("are kept by a passphrase that its file must hold", async () => {
    using table = tableOf({ answers: ANSWERS });
    put(table.site.file.path, `encryptionsalt: ${SALT}\n${table.settings}`, 0o644);
    expect(await goThrough(only("state"), table.site)).toBe(false);
    expect(table.said).toContain("its passphrase is not in");
    put(table.site.files.passphrase, "another one\n");
    expect(await goThrough(only("state"), table.site)).toBe(false);
    expect(table.said).toContain("does not open");
    put(table.site.files.passphrase, "of this test alone\n");
    expect(await goThrough(only("state"), table.site)).toBe(true);
  });

  it("lose the rights of others to a passphrase's file", async () => {
    using table = tableOf({ answers: ANSWERS });
    put(table.site.files.passphrase, "of this test alone\n");
    chmodSync(table.site.files.passphrase, 0o644);
    expect(await goThrough(only("state"), table.site)).toBe(true);
    expect(statSync(table.site.files.passphrase).mode & 0o777).toBe(0o600);
  });

  it("are not kept by a passphrase inside the checkout", async () => {
    const env: NodeJS.ProcessEnv = {};
    using table = tableOf({ answers: ANSWERS, env });
    env["PULUMI_CONFIG_PASSPHRASE_FILE"] = join(table.checkout, "passphrase");
    put(env["PULUMI_CONFIG_PASSPHRASE_FILE"], "of this test alone\n");
    expect(await goThrough(only("state"), table.site)).toBe(false);
    expect(table.said).toContain("the passphrase is inside the checkout");
  });

  it("of a stack that is there with another secrets provider are not mixed", async () => {
    computer.stacks["dev"] = { type: "cloud" };
    expect(await stopsAt("state", { answers: ANSWERS })).toContain(
      "its secrets are encrypted by cloud",
    );
    computer.stacks["dev"] = { type: "passphrase", state: { salt: SALT } };
    const said = await stopsAt("state", { answers: ANSWERS });
    expect(said).toContain("says nothing of it");
    expect(said).toContain(`write the line back: encryptionsalt: ${SALT}`);
  });

  it("are not asked of a place that needs another login", async () => {
    const answers = { ...ANSWERS, backend: "azblob://state" };
    expect(await stopsAt("state", { answers })).toContain("could not open bucket");
  });
});

it("a plan that must not go on stops the guide", async () => {
  computer.plan = () => "❌ policy broken";
  expect(await stopsAt("plan")).toContain("❌ policy broken");
});

it("a stack without a file is told which there are", async () => {
  using table = tableOf();
  const { site } = table;
  const { StackFile } = await import("./stack-file.ts");
  const lost = { ...site, file: new StackFile(table.checkout, "production") };
  expect(await goThrough(only("address"), lost)).toBe(false);
  expect(table.said).toContain("choose STACK from dev");
});
