/** What the installation does of the failover's timers on a machine, and in which order when they change. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { timersOf, type FailoverSettings } from "../../config/failover.ts";
import { agentConfig, kubeletConfig, serverConfig } from "./config.ts";
import { hardeningValues } from "./hardening.ts";
import { INSTALL_SCRIPT } from "./scripts.ts";
import { FakeMachine, k3s, type Ran } from "./testing/machine.ts";
import { SETTINGS } from "./testing/settings.ts";
import { unitValues } from "./units.ts";

const VERSION = "v1.36.3+k3s1";
const KUBELET = "var/lib/rancher/k3s/agent/etc/kubelet.conf.d/50-fogline.conf";
let machine: FakeMachine;

beforeEach(() => {
  machine = new FakeMachine();
  machine.write("var/lib/rancher/k3s/server/token", "K10aa::server:own\n");
  machine.write("var/lib/rancher/k3s/server/agent-token", "K10aa::node:agents\n");
  machine.write("etc/rancher/k3s/k3s.yaml", "kind: Config\n");
});

afterEach(() => {
  machine.remove();
});

/** Installs K3s with some timers; `settled` is the server's step after all agents. */
function install(
  failover: Partial<FailoverSettings>,
  role: "server" | "agent" = "server",
  settled = false,
): Promise<Ran> {
  const timers = timersOf(failover);
  const node = { node: "masternode", tier: "cloud", address: "10.101.0.1" } as const;
  return machine.run(INSTALL_SCRIPT, "update", {
    ...{ NODE: "masternode", ROLE: role, VERSION, URL: SETTINGS.download },
    ...{ SHA256: machine.serve(k3s(VERSION)), FLANNEL: "{}\n", REGISTRIES: "", AUTHORITIES: "" },
    ...{ TOKEN: "agents", RENEWAL: "1", SERVER: "10.101.0.1", KUBECONFIG_TEXT: "kind: Config\n" },
    CONFIG:
      role === "server"
        ? serverConfig(SETTINGS, node, timers)
        : agentConfig(SETTINGS, "10.101.0.1", node, timers),
    ...unitValues(role, "fogline0", timers, SETTINGS),
    ...hardeningValues(role, false),
    ...(settled ? { HOLD: "no" } : {}),
  });
}

/** After how many seconds the server is told to give nodes up. */
function grace(): string | undefined {
  return /node-monitor-grace-period=([\d.]+)s/.exec(
    machine.read("etc/rancher/k3s/config.yaml"),
  )?.[1];
}

describe("kubelet's file of its own", () => {
  it("is written closed to others, starts K3s anew, and goes with the profile", async () => {
    await install({ profile: "moderate" }, "agent");
    expect(machine.has(KUBELET)).toBe(false);
    machine.calls();
    expect(await install({ profile: "fast" }, "agent")).toMatchObject({ code: 0 });
    expect(machine.read(KUBELET)).toBe(kubeletConfig(timersOf({ profile: "fast" })));
    expect(machine.mode(KUBELET)).toBe(0o600);
    expect(machine.starts()).toBe(1);
    expect(await install({ profile: "fast" }, "agent")).toMatchObject({ code: 0 });
    expect(machine.starts()).toBe(0);
    await install({ profile: "moderate" }, "agent");
    expect(machine.has(KUBELET)).toBe(false);
    expect(machine.starts()).toBe(1);
  });

  it("alone is reason enough to start K3s anew", async () => {
    await install({ profile: "fast" }, "agent");
    machine.calls();
    await install({ profile: "fast", leaseSeconds: 3 }, "agent");
    expect(machine.starts()).toBe(1);
  });

  it("leaves K3s' own file beside it alone", async () => {
    const own = KUBELET.replace("50-fogline", "00-k3s-defaults");
    machine.write(own, "kind: KubeletConfiguration\n");
    await install({ profile: "fast" }, "agent");
    await install({ profile: "moderate" }, "agent");
    expect(machine.has(own)).toBe(true);
  });
});

describe("a server that is to give nodes up earlier than before", () => {
  it("does so at once where it is new", async () => {
    const { code, stderr } = await install({ profile: "fast" });
    expect([code, grace()]).toEqual([0, "5.5"]);
    expect(stderr).not.toContain("until all of them");
  });

  it("waits until its agents renew their leases often enough, and starts anew once more then", async () => {
    await install({ profile: "moderate" });
    machine.calls();
    const { code, stderr } = await install({ profile: "fast" });
    expect([code, grace(), machine.starts()]).toEqual([0, "20", 1]);
    expect(stderr).toContain(
      "nodes are given up after 20 s until all of them renew their leases often enough for 5.5 s",
    );
    expect(machine.has(KUBELET)).toBe(true);
    expect(await install({ profile: "fast" }, "server", true)).toMatchObject({ code: 0 });
    expect([grace(), machine.starts()]).toEqual(["5.5", 1]);
    expect(await install({ profile: "fast" })).toMatchObject({ code: 0 });
    expect([grace(), machine.starts()]).toEqual(["5.5", 0]);
  });

  it("waits with Kubernetes' own 50 s where it had been told nothing", async () => {
    await install({ profile: "stock" });
    expect(grace()).toBeUndefined();
    await install({ profile: "fast" });
    expect(grace()).toBe("50");
  });

  it("gives them up later at once, before the agents renew less often", async () => {
    await install({ profile: "fast" });
    await install({ profile: "moderate" });
    expect(grace()).toBe("20");
    await install({ profile: "fast" }, "server", true);
    await install({ profile: "fast", graceSeconds: 8 });
    expect(grace()).toBe("8");
  });
});
