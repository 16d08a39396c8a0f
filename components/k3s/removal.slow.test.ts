/** What installing and removing K3s leaves of a machine's owner. Needs root, no lab. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { timersOf } from "../../config/failover.ts";
import { TestMachine, type Ran } from "../edge/testing/machines.ts";
import { render } from "../remote/render.ts";
import { readScript } from "../remote/script.ts";
import { hardeningValues } from "./hardening.ts";
import { INSTALL_SCRIPT } from "./scripts.ts";
import { SETTINGS } from "./testing/settings.ts";
import { unitValues } from "./units.ts";

const SUM = "0".repeat(64);
let machine: TestMachine;

beforeAll(async () => {
  machine = await TestMachine.start("owned");
});

afterAll(() => {
  machine.stop();
});

/** Runs the script as the program does for an agent. */
function install(action: string): Promise<Ran> {
  const script = readScript(INSTALL_SCRIPT);
  const values = {
    ...{ NODE: "owned", ROLE: "agent", URL: "http://127.0.0.1:1/k3s", SHA256: SUM },
    ...{
      CONFIG: "",
      FLANNEL: "",
      REGISTRIES: "",
      AUTHORITIES: "",
      TOKEN: "",
      ADMIN: "root",
      SERVER: "127.0.0.1",
    },
    ...{
      VERSION: "v1.36.3+k3s1",
      RENEWAL: "1",
      ...unitValues("agent", "fogline0", timersOf({}), SETTINGS),
    },
    ...hardeningValues("agent", false),
    KUBECONFIG_TEXT: "ours",
  };
  return machine.run(render(script, values), action);
}

const files = (...roots: readonly string[]): string =>
  machine.must(`find ${roots.join(" ")} 2>/dev/null | sort || true`);

describe("a K3s that somebody else installed", () => {
  beforeAll(() => {
    machine.must(`
      mkdir -p /etc/rancher/k3s /var/lib/rancher/k3s/server/db /usr/local/bin /etc/systemd/system
      printf '#!/bin/sh\n' >/usr/local/bin/k3s && chmod 0755 /usr/local/bin/k3s
      echo theirs >/etc/rancher/k3s/config.yaml
      echo votes >/var/lib/rancher/k3s/server/db/state.db
      echo '[Service]' >/etc/systemd/system/k3s.service`);
  });

  afterAll(() => {
    machine.must("rm -rf /etc/rancher /var/lib/rancher /usr/local/bin/k3s");
  });

  it.each(["create", "delete"])("is neither overwritten nor removed by %s", async (action) => {
    const roots = ["/etc/rancher", "/var/lib/rancher", "/usr/local", "/etc/systemd/system"];
    const before = files(...roots);
    const { code, stderr } = await install(action);
    expect(files(...roots)).toBe(before);
    expect(stderr).toContain("/usr/local/bin/k3s");
    expect(code).toBe(action === "create" ? 1 : 0);
  });
});

describe("removing K3s", () => {
  it("keeps the networks, programs and credentials of the machine's owner", async () => {
    machine.must(`
      rm -rf /etc/cni
      mkdir -p /usr/local/lib/fogline /usr/local/bin /etc/rancher/k3s /var/lib/rancher/k3s/agent \\
        /etc/cni/net.d /var/lib/cni/networks/cbr0 /var/lib/cni/networks/podman /root/.kube \\
        /etc/profile.d
      ln -s /usr/local/lib/fogline/k3s-${SUM} /usr/local/bin/k3s
      ln -s k3s /usr/local/bin/crictl
      echo theirs >/usr/local/bin/kubectl
      echo theirs >/etc/cni/net.d/10-containerd-net.conflist
      echo theirs >/var/lib/cni/networks/podman/last
      echo theirs >/root/.kube/config.before-fogline
      echo ours >/root/.kube/config
      echo ours >/etc/profile.d/fogline.sh
      mkdir -p /etc/rancher/k3s/config.yaml.d /etc/sysctl.d /var/lib/rancher/k3s/server/logs
      echo ours >/etc/rancher/k3s/audit-policy.yaml
      echo ours >/etc/rancher/k3s/config.yaml.d/secrets-encryption.yaml
      echo ours >/var/lib/rancher/k3s/server/logs/audit.log
      echo theirs >/etc/sysctl.d/99-theirs.conf
      echo ours >/etc/sysctl.d/99-zz-fogline-kubelet.conf`);
    const { code, stderr } = await install("delete");
    expect([code, stderr]).toEqual([0, ""]);
    expect(machine.must("cat /root/.kube/config /usr/local/bin/kubectl")).toBe("theirs\ntheirs\n");
    expect(files("/var/lib/rancher")).toBe("");
    expect(
      machine.must("ls /etc/sysctl.d/*their* /etc/sysctl.d/*fogline* 2>/dev/null || true"),
    ).toBe("/etc/sysctl.d/99-theirs.conf\n");
    expect(files("/etc/cni", "/var/lib/cni", "/usr/local/bin", "/etc/rancher", "/root/.kube")).toBe(
      [
        ...["/etc/cni", "/etc/cni/net.d", "/etc/cni/net.d/10-containerd-net.conflist"],
        ...["/root/.kube", "/root/.kube/config", "/usr/local/bin", "/usr/local/bin/kubectl"],
        ...["/var/lib/cni", "/var/lib/cni/networks", "/var/lib/cni/networks/podman"],
        ...["/var/lib/cni/networks/podman/last", ""],
      ].join("\n"),
    );
  });

  it("takes nothing more when it is run once more", async () => {
    const { code } = await install("delete");
    expect(code).toBe(0);
    expect(machine.must("cat /root/.kube/config")).toBe("theirs\n");
  });
});
