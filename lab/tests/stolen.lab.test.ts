/** What root on the Pi can do to the cluster with everything that is found there: run its pods, and look. */
import { beforeAll, describe, expect, it } from "vitest";

import { runInside } from "../machines/machine.ts";
import { inside } from "../testing/machines.ts";
import { kubectl, outputs, websiteSpread } from "../testing/lab.ts";

const AGENT = "/var/lib/rancher/k3s/agent";
const API = `https://${outputs().overlay[0]?.address ?? ""}:6443`;
/** Every kubeconfig of the machine. */
const KUBECONFIGS = {
  kubelet: `${AGENT}/kubelet.kubeconfig`,
  "kube-proxy": `${AGENT}/kubeproxy.kubeconfig`,
  "k3s-controller": `${AGENT}/k3scontroller.kubeconfig`,
  administrator: "/home/pi/.kube/config",
} as const;

beforeAll(async () => {
  await websiteSpread();
  // What only other nodes' pods may read.
  await kubectl("create", "namespace", "another-app");
  await kubectl("create", "secret", "generic", "loot", "-n", "another-app", "--from-literal=a=b");
  return async () => {
    await kubectl("delete", "namespace", "another-app", "--wait=false");
  };
});

/** What the Pi's root is told when it tries something as somebody; undefined where that is done. */
async function refusal(as: string, ...command: readonly string[]): Promise<string | undefined> {
  const words = command.map((word) => `'${word}'`).join(" ");
  const { exitCode, stderr } = await runInside(
    "raspberrypi",
    `k3s kubectl --kubeconfig ${as} --request-timeout=20s ${words}`,
  );
  return exitCode === 0 ? undefined : stderr;
}

describe("root on the Pi", () => {
  it("finds these kubeconfigs and no other, and none of an administrator of the cluster", async () => {
    const found = await inside(
      "raspberrypi",
      `find /etc /home /root /var/lib/rancher/k3s /usr/local -xdev \\
         \\( -path ${AGENT}/containerd -o -path /var/lib/rancher/k3s/storage \\) -prune \\
         -o -type f -size -1024k -print0 |
         xargs -0 grep -lE '^kind: Config$|client-key-data:|^ *token: ' || true`,
    );
    expect(found.trim().split("\n").sort()).toEqual(Object.values(KUBECONFIGS).sort());
    for (const file of Object.values(KUBECONFIGS)) {
      const said = await runInside(
        "raspberrypi",
        `k3s kubectl --kubeconfig ${file} auth can-i '*' '*' --all-namespaces`,
      );
      expect(said.stdout.trim(), file).toBe("no");
    }
  });

  it.each(Object.entries(KUBECONFIGS))(
    "as %s reads no Secret of another app, starts no pod and changes no rights",
    async (_who, file) => {
      const binding = ["clusterrolebinding", "loot", "--clusterrole=cluster-admin", "--user=pi"];
      for (const attempt of [
        ["get", "secrets", "--all-namespaces"],
        ["get", "secret", "loot", "-n", "another-app"],
        ["get", "secrets", "-n", "kube-system"],
        ["run", "loot", "-n", "another-app", "--image=localhost/none"],
        ["create", "token", "default", "-n", "another-app"],
        ["create", ...binding],
        ["label", "node", "workernode", "loot=yes"],
        ["delete", "node", "workernode"],
        ["get", "nodes", "--as=system:admin", "--as-group=system:masters"],
      ]) {
        expect(await refusal(file, ...attempt), attempt.join(" ")).toMatch(/[Ff]orbidden|cannot/);
      }
    },
  );

  it("as any pod of the Pi does none of that either", async () => {
    const tokens = (
      await inside(
        "raspberrypi",
        "find /var/lib/kubelet/pods -path '*/kubernetes.io~projected/*/token' -not -path '*/..*'",
      )
    )
      .trim()
      .split("\n");
    for (const token of tokens.filter((file) => file !== "")) {
      for (const question of [
        "get secrets --namespace another-app",
        "get secrets --namespace kube-system",
        "create pods --namespace another-app",
        "create pods --namespace kube-system",
        "create clusterrolebindings",
        "delete nodes",
      ]) {
        const { stdout } = await runInside(
          "raspberrypi",
          `k3s kubectl --kubeconfig /dev/null --server ${API} \\
             --certificate-authority ${AGENT}/server-ca.crt --token "$(cat '${token}')" \\
             auth can-i ${question}`,
        );
        expect(stdout.trim(), `${question} with ${token}`).toBe("no");
      }
    }
  });

  it("adds no server and reads nothing that servers share, whatever it says to be", async () => {
    const token = (await inside("raspberrypi", "cat /etc/rancher/k3s/token")).trim();
    expect(token).toMatch(/^K10[0-9a-f]{64}::node:/);
    const kept = await inside("MasterNode", "cat /var/lib/rancher/k3s/server/token");
    const secret = token.slice(token.lastIndexOf(":") + 1);
    expect(secret).not.toBe(kept.trim().slice(kept.trim().lastIndexOf(":") + 1));
    for (const path of ["server-bootstrap", "token", "encrypt/config", "cert/cacerts"]) {
      for (const user of ["server", "node"]) {
        const status = await inside(
          "raspberrypi",
          `curl -sS -o /dev/null -w '%{http_code}' --cacert ${AGENT}/server-ca.crt \\
             --config - -X PUT -d '{}' ${API}/v1-k3s/${path} <<<'user = "${user}:${secret}"'`,
        );
        expect(["401", "403"], `${path} as ${user}`).toContain(status);
      }
    }
  });

  it("is no other node: neither by its own certificate nor by a new one", async () => {
    const said = await refusal(KUBECONFIGS.kubelet, "get", "node", "workernode");
    expect(said).toMatch(/[Ff]orbidden/);
    // The machine's own password for its name, offered for another's.
    const answered = await inside(
      "raspberrypi",
      `secret=$(cut -d: -f4 /etc/rancher/k3s/token) password=$(cat /etc/rancher/node/password)
       curl -sS -w ' %{http_code}' --cacert ${AGENT}/server-ca.crt --config - ${API}/v1-k3s/node \\
         -d "{\\"node\\": \\"workernode\\", \\"password\\": \\"$password\\"}" <<<"user = \\"node:$secret\\""`,
    );
    expect(answered).toMatch(/unable to verify password for node workernode[^]* 403$/);
  });

  it("has a kubectl that looks, which is what S0-33 wants of it", async () => {
    const said = await inside(
      "raspberrypi",
      `su - pi -c 'kubectl get nodes,pods,services,deployments --all-namespaces --output=name
         kubectl logs --namespace=website deployment/website-dep --tail=1'`,
    );
    expect(said).toContain("node/masternode");
    expect(said).toContain("deployment.apps/website-dep");
  });
});
