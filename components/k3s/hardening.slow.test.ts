/** What the installation does of hardening on a machine: new, made before, and with a kernel of its own or not. */
import { statSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { timersOf } from "../../config/failover.ts";
import { hardeningValues } from "./hardening.ts";
import { INSTALL_SCRIPT } from "./scripts.ts";
import { FakeMachine, k3s, type Ran } from "./testing/machine.ts";
import { SETTINGS } from "./testing/settings.ts";
import { unitValues } from "./units.ts";

const VERSION = "v1.36.3+k3s1";
const STATE = "var/lib/rancher/k3s/server";
const ENCRYPTION = "etc/rancher/k3s/config.yaml.d/secrets-encryption.yaml";
const PROTECTION = "etc/rancher/k3s/config.yaml.d/protect-kernel-defaults.yaml";
const TUNABLES = "etc/sysctl.d/99-zz-fogline-kubelet.conf";
/** What K3s says of a cluster whose owner asked for a key, after its next start. */
const PREPARED = "Encryption Status: Disabled\nCurrent Rotation Stage: start";
let machine: FakeMachine;

beforeEach(() => {
  machine = new FakeMachine();
  machine.write(`${STATE}/token`, "K10aa::server:own\n");
  machine.write(`${STATE}/agent-token`, "K10aa::node:agents\n");
  machine.write("etc/rancher/k3s/k3s.yaml", "kind: Config\n");
});

afterEach(() => {
  machine.remove();
});

/** A K3s that says this of encrypted Secrets; what it is told to do is a part of its words. */
function saying(status: string, rotates = true): string {
  const branches = `
  "secrets-encrypt status") cat "$ROOT/status" 2>/dev/null || printf '%s\\n' '${status}' ;;
  "secrets-encrypt rotate-keys") ${
    rotates ? `echo "Encryption Status: Enabled" >"$ROOT/status"` : "echo no key >&2; exit 1"
  } ;;`;
  return k3s(VERSION).replace('case "$*" in', `case "$*" in${branches}`);
}

function install(
  program = k3s(VERSION),
  options: {
    readonly role?: "server" | "agent";
    readonly ownKernel?: boolean;
    readonly encryption?: "new" | "always";
    readonly values?: Readonly<Record<string, string>>;
  } = {},
): Promise<Ran> {
  const { role = "server", ownKernel = false, encryption = "new", values } = options;
  return machine.run(INSTALL_SCRIPT, "update", {
    ...{ NODE: "masternode", ROLE: role, VERSION, URL: "https://example.test/k3s" },
    ...{
      SHA256: machine.serve(program),
      FLANNEL: "{}\n",
      REGISTRIES: "",
      AUTHORITIES: "",
      TOKEN: "agents",
    },
    CONFIG: "cluster-cidr: 10.42.0.0/16\nservice-cidr: 10.43.0.0/16\n",
    ...{ RENEWAL: "1", SERVER: "10.101.0.1", KUBECONFIG_TEXT: "kind: Config\n" },
    ...unitValues(role, "fogline0", timersOf({}), SETTINGS),
    ...hardeningValues(role, ownKernel, encryption),
    ...values,
  });
}

/** Calls of K3s' own command for encryption, in their order, and starts of its unit between them. */
function encryptionCalls(): string[] {
  return machine
    .calls()
    .filter((call) => /^k3s secrets-encrypt|^systemctl restart --no-block k3s/.test(call))
    .map((call) => call.replace(/ --no-block.*/, ""));
}

function mode(path: string): string {
  return (statSync(join(machine.root, path)).mode & 0o777).toString(8);
}

describe("encryption of Secrets", () => {
  it("is asked for before a cluster's first start", async () => {
    expect(await install()).toMatchObject({ code: 0 });
    expect(machine.read(ENCRYPTION)).toBe("secrets-encryption: true\n");
    expect(encryptionCalls()).toEqual(["systemctl restart", "k3s secrets-encrypt status"]);
  });

  it("stays on once it was, even where the datastore is there and the key's file is not", async () => {
    await install();
    machine.write(`${STATE}/db/state.db`, "");
    machine.calls();
    expect(await install()).toMatchObject({ code: 0 });
    expect(machine.has(ENCRYPTION)).toBe(true);
    expect(machine.starts()).toBe(0);
  });

  it("is left off by a cluster that was made without, which goes on, and how to have it is said", async () => {
    machine.write(`${STATE}/db/state.db`, "");
    const { code, stdout } = await install();
    expect([code, machine.has(ENCRYPTION)]).toEqual([0, false]);
    expect(stdout).toContain("\nsecrets: readable\n");
    expect(encryptionCalls()).toEqual(["systemctl restart"]);
  });

  it("is asked for where the stack wants it of a cluster that was made without", async () => {
    machine.write(`${STATE}/db/state.db`, "");
    const { code, stdout } = await install(saying(PREPARED), { encryption: "always" });
    expect([code, stdout]).toEqual([0, expect.stringContaining("\nsecrets: encrypted\n")]);
    const steps = [
      "systemctl restart",
      "k3s secrets-encrypt enable",
      "systemctl restart",
      "k3s secrets-encrypt status",
      "k3s secrets-encrypt rotate-keys",
      "systemctl restart",
    ];
    expect(encryptionCalls()).toEqual(steps);
    expect(await install(saying(PREPARED), { encryption: "always" })).toMatchObject({ code: 0 });
    expect(encryptionCalls()).toEqual(["k3s secrets-encrypt status"]);
  });

  it.each([
    ["does not take the request", "secrets-encrypt enable"],
    ["cannot make a key", "secrets-encrypt rotate-keys"],
  ])(
    "fails where the stack wants it and K3s %s, and goes on from there",
    async (_what, command) => {
      machine.write(`${STATE}/db/state.db`, "");
      const broken = saying(PREPARED).replace(
        'case "$*" in',
        `case "$*" in "${command}") echo busy >&2; exit 1 ;;`,
      );
      const { code, stderr } = await install(broken, { encryption: "always" });
      expect([code, stderr]).toEqual([1, expect.stringContaining("stay as they are: busy")]);
      machine.calls();
      const { stdout } = await install(saying(PREPARED), { encryption: "always" });
      expect(stdout).toContain("\nsecrets: encrypted\n");
    },
  );

  it("is finished where K3s was asked to prepare it: a key, every Secret anew, a start", async () => {
    machine.write(`${STATE}/db/state.db`, "");
    machine.write(`${STATE}/cred/encryption-config.json`, '{"identity": {}}');
    const { code, stderr } = await install(saying(PREPARED));
    expect([code, stderr]).toEqual([0, expect.stringContaining("encrypting every Secret")]);
    expect(encryptionCalls()).toEqual([
      "systemctl restart",
      "k3s secrets-encrypt status",
      "k3s secrets-encrypt rotate-keys",
      "systemctl restart",
    ]);
    expect(await install(saying(PREPARED))).toMatchObject({ code: 0 });
    expect(encryptionCalls()).toEqual(["k3s secrets-encrypt status"]);
  });

  it("ends no up where K3s cannot encrypt, and says why", async () => {
    machine.write(`${STATE}/cred/encryption-config.json`, '{"identity": {}}');
    const { code, stderr } = await install(saying(PREPARED, false));
    expect([code, stderr]).toEqual([0, expect.stringContaining("stay as they are: no key")]);
  });

  it("stays off where somebody disabled it", async () => {
    const status = `${PREPARED.replace("start", "reencrypt_finished")}\n    AES-CBC  aescbckey`;
    const { code, stderr } = await install(saying(status));
    expect([code, stderr]).toEqual([0, expect.stringContaining("somebody disabled it")]);
    expect(encryptionCalls()).not.toContain("k3s secrets-encrypt rotate-keys");
  });

  it("is no matter of an agent", async () => {
    await install(k3s(VERSION), { role: "agent" });
    expect(machine.has(ENCRYPTION)).toBe(false);
    expect(machine.has("etc/rancher/k3s/audit-policy.yaml")).toBe(false);
    expect(encryptionCalls()).toEqual(["systemctl restart"]);
  });
});

describe("the audit log", () => {
  it("has its policy and its folder before K3s starts, root's alone", async () => {
    await install();
    expect(machine.read("etc/rancher/k3s/audit-policy.yaml")).toContain("kind: Policy");
    expect(machine.read("etc/rancher/k3s/admission.yaml")).toContain("EventRateLimit");
    expect(mode("etc/rancher/k3s/audit-policy.yaml")).toBe("600");
    expect(mode(`${STATE}/logs`)).toBe("700");
  });

  it("has K3s started anew with another policy", async () => {
    await install();
    machine.calls();
    await install(k3s(VERSION), { values: { AUDIT_POLICY: "kind: Policy\n" } });
    expect(machine.starts()).toBe(1);
  });
});

describe("the kernel's values", () => {
  const KEEPS = `case "$*" in
  --values*) sed -n "s/^$2 = //p" "$ROOT/${TUNABLES}" ;;
esac`;

  it("are left alone where the kernel is shared with others", async () => {
    await install(k3s(VERSION), { role: "agent" });
    machine.command("systemd-detect-virt", "exit 0");
    await install(k3s(VERSION), { role: "agent", ownKernel: true });
    expect([machine.has(TUNABLES), machine.has(PROTECTION)]).toEqual([false, false]);
    expect(machine.calls().filter((call) => call.startsWith("sysctl"))).toEqual([]);
  });

  it("are set and insisted on where it is the machine's own", async () => {
    machine.command("sysctl", KEEPS);
    await install(k3s(VERSION), { role: "agent", ownKernel: true });
    expect(machine.read(TUNABLES)).toContain("vm.panic_on_oom = 0\n");
    expect(machine.read(PROTECTION)).toBe("protect-kernel-defaults: true\n");
  });

  it("are not insisted on where the kernel does not keep them: kubelet would not run", async () => {
    machine.command("sysctl", 'case "$*" in --values*) echo 7 ;; esac');
    const { code, stderr } = await install(k3s(VERSION), { role: "agent", ownKernel: true });
    expect([code, stderr]).toEqual([0, expect.stringContaining("does not keep the values")]);
    expect(machine.has(PROTECTION)).toBe(false);
  });
});

describe("the accounts that every namespace has", () => {
  it("hand out no token where no pod of ours runs", async () => {
    await install();
    const patched = machine.calls().filter((call) => call.includes("patch serviceaccount default"));
    expect(patched.map((call) => /--namespace (\S+)/.exec(call)?.[1])).toEqual([
      ...["default", "kube-node-lease", "kube-public"],
    ]);
  });
});
