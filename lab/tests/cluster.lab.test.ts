import { beforeAll, describe, expect, it } from "vitest";
import { execa } from "execa";

import { HOME, NAMESPACES } from "../layout.ts";
import { runInside } from "../machines/machine.ts";
import { inside, podsAddress } from "../testing/machines.ts";
import {
  kubectl,
  kubectlWaits,
  lab,
  objects,
  websiteSpread,
  until,
  websitePods,
} from "../testing/lab.ts";

interface Node {
  readonly metadata: { readonly name: string; readonly labels: Record<string, string> };
  readonly status: {
    readonly conditions: readonly { readonly type: string; readonly status: string }[];
  };
}

async function podOn(node: string): Promise<string> {
  const pods = await websitePods();
  const found = pods.find((pod) => pod.spec.nodeName === node);
  expect(found, `a website pod on ${node}`).toBeDefined();
  return found?.metadata.name ?? "";
}

describe("the cluster", () => {
  beforeAll(websiteSpread);

  it("has three Ready nodes with the seed's names and tiers", async () => {
    const nodes = await objects<Node>("nodes");
    const seen = nodes.map((node) => [
      node.metadata.name,
      node.metadata.labels["tier"],
      node.status.conditions.find(({ type }) => type === "Ready")?.status,
    ]);
    expect(seen.sort()).toEqual([
      ["masternode", "cloud", "True"],
      ["raspberrypi", "edge", "True"],
      ["workernode", "cloud", "True"],
    ]);
  });

  it("spreads four website pods evenly, none on the master", async () => {
    // The autoscaler takes its time to remove the pods that it added while others were away.
    const nodes = await until("four ready website pods", async () => {
      const pods = await websitePods();
      return pods.length === 4 ? pods.map((pod) => pod.spec.nodeName).sort() : undefined;
    });
    expect(nodes).toEqual(["raspberrypi", "raspberrypi", "workernode", "workernode"]);
  });

  it("is told with sizes of its images and times of its rollouts", async () => {
    const text = await lab("status");
    expect(text).toMatch(/^ {2}docker\.io\/\S*website +\d+\.\d MB/m);
    expect(text).toMatch(/^ {2}docker\.io\/\S*postgres +\d+\.\d MB$/m);
    expect(text).toMatch(/^ {2}website\/website-dep +(\d+ s|not known: it )/m);
    const kept = "not known: Kubernetes keeps no time of a StatefulSet's";
    expect(text).toMatch(new RegExp(`^ {2}website/database +${kept}$`, "m"));
  });

  it("shows logs of a pod on the Pi", async () => {
    const logs = await kubectl("logs", "-n", "website", await podOn("raspberrypi"));
    expect(logs).toContain("Running on http://0.0.0.0:8080");
  });

  it("runs a command in a pod on the Pi", async () => {
    const pod = await podOn("raspberrypi");
    const said = await kubectl("exec", "-n", "website", pod, "--", "node", "-p", "6*7");
    expect(said.trim()).toBe("42");
  });

  it.each([
    ["WorkerNode", "fogline"],
    ["raspberrypi", "pi"],
  ])(
    "lets the administrator of %s use kubectl, with a file that is theirs alone",
    async (...of) => {
      const [machine, user] = of;
      const said = await inside(
        machine,
        `su - ${user} -c 'stat -c "%a %U" "$KUBECONFIG"; kubectl get nodes --output=name'`,
      );
      expect(said).toContain(`600 ${user}`);
      expect(said).toContain("node/masternode");
      expect(await inside(machine, `grep server: /home/${user}/.kube/config`)).toContain(
        "https://10.101.0.1:6443",
      );
    },
  );

  it.each(["MasterNode", "WorkerNode"])(
    "was told the host key of %s by its extension, which keeps what it printed for root",
    async (machine) => {
      const folder = "/var/lib/waagent/custom-script/download/0";
      const kept = await inside(machine, `stat -c '%a %U' ${folder}/stdout; cat ${folder}/stdout`);
      const key = await inside(machine, "cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub");
      expect(kept).toBe(`600 root\n${key}`);
    },
  );

  it("carries full packets over the overlay to the Pi, and no fragment", async () => {
    const address = "jsonpath={.status.addresses[?(@.type=='InternalIP')].address}";
    const pi = await kubectl("get", "node", "raspberrypi", "-o", address);
    // 20 bytes of IPv4 and 8 of ICMP around the payload fill the overlay's 1420.
    await inside("WorkerNode", `ping -q -c 3 -M do -s 1392 ${pi}`);
    const longer = inside("WorkerNode", `ping -q -c 1 -W 2 -M do -s 1393 ${pi}`);
    await expect(longer).rejects.toThrow("exit code 1");
  });

  it("carries full packets between the nodes' pods, and no fragment", async () => {
    const pi = await podsAddress("raspberrypi");
    // VXLAN takes 50 bytes of the overlay's 1420, whichever interface leads there; ICMP and IPv4 28 more.
    await inside("WorkerNode", `ping -q -c 3 -M do -s 1342 ${pi}`);
    const longer = inside("WorkerNode", `ping -q -c 1 -W 2 -M do -s 1343 ${pi}`);
    await expect(longer).rejects.toThrow("exit code 1");
    const peer = `ip -o link show type veth | grep -c "mtu 1370 .* cni0"`;
    for (const machine of ["WorkerNode", "raspberrypi"]) {
      expect(Number(await inside(machine, peer)), machine).toBeGreaterThan(0);
    }
  });

  it("makes the pods' network anew with the tunnel under it, who ever made that anew", async () => {
    await inside("raspberrypi", "wg-quick down fogline0; wg-quick up fogline0");
    await until("the Pi's pods to be reached again", async () => {
      const pods = await podsAddress("raspberrypi");
      const { exitCode } = await runInside("WorkerNode", `ping -q -c 1 -W 1 ${pods}`);
      return exitCode === 0 ? true : undefined;
    });
    await kubectlWaits("wait", "--for=condition=Ready", "node/raspberrypi");
  });

  it("measures pods and nodes, the Pi's included", async () => {
    await until("metrics of every node", async () => {
      const text = await kubectl("top", "nodes", "--no-headers");
      return text.match(/^\w+\s+\d+m/gm)?.length === 3 ? true : undefined;
    });
    // A pod is measured from its second minute on.
    const pod = await podOn("raspberrypi");
    await until("metrics of a pod on the Pi", async () => {
      const text = await kubectl("top", "pods", "-n", "website", "--no-headers");
      return text.includes(pod) ? true : undefined;
    });
  });
});

describe("the home", () => {
  it("has no way in from the internet", async () => {
    for (const address of [HOME.pi, HOME.outer]) {
      for (const port of [22, 80, 443, 10250]) {
        const probe = await execa(
          "nsenter",
          [`--net=/run/netns/${NAMESPACES.cloud}`, "nc", "-z", "-w", "2", address, String(port)],
          { reject: false },
        );
        expect(probe.exitCode, `${address}:${port} answers`).not.toBe(0);
      }
    }
  });

  it("forwards no port on its router", async () => {
    const rules = await execa("nsenter", [
      `--net=/run/netns/${NAMESPACES.home}`,
      "nft",
      "list",
      "ruleset",
    ]);
    expect(rules.stdout).toContain("masquerade");
    expect(rules.stdout).not.toContain("dnat");
  });
});
