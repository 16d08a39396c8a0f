import { describe, expect, it } from "vitest";

import { timersOf } from "../../config/failover.ts";
import { install, login, machine, OLD } from "./testing/installation.ts";
import { k3s } from "./testing/machine.ts";
import { SETTINGS } from "./testing/settings.ts";
import { unitValues } from "./units.ts";

const CERTIFICATE = "var/lib/rancher/k3s/agent/client-kubelet.crt";

describe("K3s is started anew", () => {
  it("once where it is installed, and not where nothing is otherwise", async () => {
    expect(await install()).toMatchObject({ code: 0 });
    expect(machine.starts()).toBe(1);
    expect(await install()).toMatchObject({ code: 0 });
    expect(machine.starts()).toBe(0);
  });

  it.each([
    ["configuration", { CONFIG: "server: https://10.101.0.2:6443\n" }],
    ["pods' network", { FLANNEL: '{"Network": ""}\n' }],
    ["token", { TOKEN: "K10aa::node:other" }],
    ["mirrors", { REGISTRIES: "mirrors: {}\n" }],
    ["login to a registry", { REGISTRIES: login("s3") }],
  ])("with another %s, and again where it is taken back", async (_what, values) => {
    await install();
    machine.calls();
    await install(values);
    expect(machine.starts()).toBe(1);
    await install();
    expect(machine.starts()).toBe(1);
  });

  it("with another binary although the connection breaks while that is fetched", async () => {
    await install();
    machine.calls();
    await install({}, { version: "v1.36.4+k3s1", deaf: true });
    expect(machine.starts()).toBe(1);
  });

  it("by the next run where one ended between its files and the start", async () => {
    await install();
    machine.mark("broken");
    expect((await install({}, { version: "v1.36.4+k3s1" })).code).not.toBe(0);
    machine.calls();
    const { code, stderr } = await install({}, { version: "v1.36.4+k3s1" });
    expect(code).toBe(0);
    expect(stderr).toContain("its binary or configuration is another one than it was started with");
    expect(machine.starts()).toBe(1);
  });

  it("where systemd has not read its unit again", async () => {
    await install();
    machine.mark("stale");
    machine.calls();
    await install();
    expect(machine.starts()).toBe(1);
  });

  it("where a certificate ends within the days in which K3s renews it", async () => {
    await install();
    machine.certificate(CERTIFICATE, 200);
    machine.calls();
    await install();
    expect(machine.starts()).toBe(0);
    machine.certificate(CERTIFICATE, 100);
    const { stderr } = await install();
    expect(stderr).toContain("its certificates end soon");
    expect(machine.starts()).toBe(1);
  });
});

describe("pods that were ready before K3s was started anew", () => {
  const NEXT = "v1.36.4+k3s1";
  const state = (name: "pods" | "ready-pods", ...pods: readonly string[]): void => {
    machine.pods(name, pods.map((pod) => `${pod}\n`).join(""));
  };
  /** What kubectl says of pods from the start of K3s on. */
  const afterStart = (branch: string): string =>
    k3s(NEXT).replace("started) ;;", `started) ${branch} ;;`);

  it("are waited for, so that the next node has its turn after them", async () => {
    await install();
    state("pods", "website/a", "website/b", "website/new");
    state("ready-pods", "website/a", "website/b");
    const late =
      'echo website/b >"$STATE/ready-pods"; (sleep 2; echo website/a >>"$STATE/ready-pods") >/dev/null 2>&1 &';
    const began = Date.now();
    const { code } = await install({}, { version: NEXT, program: afterStart(late) });
    expect(code).toBe(0);
    expect(Date.now() - began).toBeGreaterThan(1900);
  });

  it("are forgotten where they have left the node meanwhile", async () => {
    await install();
    state("pods", "website/a");
    state("ready-pods", "website/a");
    const gone = 'rm "$STATE/pods" "$STATE/ready-pods"';
    expect(await install({}, { version: NEXT, program: afterStart(gone) })).toMatchObject({
      code: 0,
    });
    expect(machine.has("run/fogline-k3s-pods")).toBe(false);
  });

  it("are waited for by the next run where one was cut off", async () => {
    await install();
    state("pods", "website/a");
    state("ready-pods", "website/a");
    machine.mark("broken");
    await install({}, { version: NEXT });
    expect(machine.read("run/fogline-k3s-pods")).toBe("website/a\n");
    expect(await install({}, { version: NEXT })).toMatchObject({ code: 0 });
    expect(machine.has("run/fogline-k3s-pods")).toBe(false);
  });
});

it("a node that is Ready with another version has not been upgraded yet", async () => {
  const program = k3s("v1.36.4+k3s1").replace(
    'echo "True v1.36.4+k3s1" ;;',
    `echo x >>"$STATE/asked"; if [ "$(wc -l <"$STATE/asked")" -lt 3 ]; then echo "True ${OLD}"; else echo "True v1.36.4+k3s1"; fi ;;`,
  );
  await install({}, { version: "v1.36.4+k3s1", program });
  const asked = machine.calls().filter((call) => call.includes("get node"));
  expect(asked).toHaveLength(3);
});

describe.each([
  ["refuses connections to pods of silent nodes", "REACH", "reach", "watch 10.42.0.0/16 300"],
  [
    "has visitors wait for the ingress controller",
    "GATE",
    "gate",
    "watch 80,443 8082 kubernetes 30",
  ],
  [
    "has nodes keep their leases while the server starts",
    "LEASES",
    "leases",
    "fogline-k3s-leases 40",
  ],
])("the program that %s", (_what, key, name, words) => {
  const program = `usr/local/sbin/fogline-k3s-${name}`;
  const unit = `etc/systemd/system/fogline-k3s-${name}.service`;
  const calls = (): string[] =>
    machine.calls().filter((call) => call.includes("systemctl") && call.includes(name));
  const role = name === "leases" ? "server" : "agent";
  const all = unitValues(role, "fogline0", timersOf({ profile: "fast" }), SETTINGS);
  const both = (text: string, service: string): Readonly<Record<string, string>> => ({
    [key]: text,
    [`${key}_SERVICE`]: service,
  });
  const wanted = both(String(all[key]), String(all[`${key}_SERVICE`]));

  it("runs where it is wanted, and is started anew when it is another one, which K3s is not", async () => {
    await install(wanted);
    expect(machine.mode(program)).toBe(0o755);
    expect(machine.read(unit)).toContain(words);
    machine.calls();
    await install(wanted);
    expect(calls()).not.toContain(`systemctl restart --no-block fogline-k3s-${name}`);
    await install({ ...wanted, [key]: "#!/bin/bash\n" });
    expect(calls()).toEqual([
      `systemctl enable --quiet fogline-k3s-${name}`,
      `systemctl restart --no-block fogline-k3s-${name}`,
    ]);
  });

  it("goes where it is not wanted any more", async () => {
    await install(wanted);
    machine.calls();
    await install(both("", ""));
    expect(calls()).toEqual([`systemctl disable --quiet --now fogline-k3s-${name}`]);
    expect([machine.has(program), machine.has(unit)]).toEqual([false, false]);
  });
});

describe("the program that looks after the pods' network", () => {
  const program = "usr/local/sbin/fogline-k3s-follow";
  const unit = "etc/systemd/system/fogline-k3s-follow.service";
  const ofFollow = (): string[] => machine.calls().filter((call) => call.includes("follow"));

  it("is started anew when it is another one, which K3s is not", async () => {
    await install();
    expect(ofFollow()).toEqual(["systemctl enable --quiet --now --no-block fogline-k3s-follow"]);
    await install();
    expect(ofFollow()).not.toContain("systemctl restart --no-block fogline-k3s-follow");
    machine.starts();
    await install({ FOLLOW: "#!/bin/bash\n" });
    expect(machine.read(program)).toBe("#!/bin/bash\n");
    expect(ofFollow()).toContain("systemctl restart --no-block fogline-k3s-follow");
  });

  it("goes where that network is somebody else's", async () => {
    await install();
    ofFollow();
    await install({ FOLLOW: "", FOLLOW_SERVICE: "" });
    expect(ofFollow()).toContain("systemctl disable --quiet --now fogline-k3s-follow");
    expect([machine.has(program), machine.has(unit)]).toEqual([false, false]);
  });
});
