/** What `gather.sh` tells of a machine, whose root is a folder here. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterEach, beforeEach, expect, it } from "vitest";

import { readNode, type NodeFacts } from "./facts.ts";
import { gather } from "./gather.ts";

const STATE = "var/lib/rancher/k3s";
const KEY = "c2VjcmV0LWtleS1ub2JvZHktc2VlcyE=";
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "fogline-cis-test-"));
  // Two starts: the later one counts.
  const journal = [
    "Running kube-apiserver --anonymous-auth=true --profiling=true",
    'time="x" level=info msg="Running kube-apiserver --anonymous-auth=false"',
    "Running kubelet --node-ip=10.101.0.1",
    "kubelet: Running pods --many=1",
  ];
  write("bin/journalctl", `#!/bin/sh\ncat <<'END'\n${journal.join("\n")}\nEND\n`, 0o755);
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

function write(path: string, text: string, mode = 0o600): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, mode);
}

/** Runs the script with the folder for its root. */
function run(script = readFileSync(join(import.meta.dirname, "gather.sh"), "utf8")): string {
  const moved = script.replaceAll(/(?<![\w.}/])\/(etc|var\/lib)\//g, `${root}/$1/`);
  const env = { PATH: `${join(root, "bin")}:/usr/bin:/bin` };
  return execFileSync("bash", ["-s"], { input: moved, env, encoding: "utf8" });
}

/** A file's mode, by the end of its path. */
const modeOf = ({ files }: NodeFacts, end: string): string | undefined =>
  files.find(({ path }) => path.endsWith(end))?.mode.toString(8);

it("tells role, arguments of the last start, modes, and what encrypts, but no key", () => {
  write(`${STATE}/server/tls/client-ca.crt`, "", 0o644);
  write(`${STATE}/server/tls/client-ca.key`, "");
  write(`${STATE}/server/db/state.db`, "");
  write(`${STATE}/agent/client-ca.crt`, "");
  const keys = { keys: [{ name: "aescbckey", secret: KEY }] };
  const providers = [{ aescbc: keys }, { identity: {} }];
  write(`${STATE}/server/cred/encryption-config.json`, JSON.stringify({ providers }));
  write("etc/rancher/k3s/audit-policy.yaml", "kind: Policy\n");
  const text = run();
  expect(text).not.toContain(KEY);
  const facts = readNode("masternode", text);
  expect(facts).toMatchObject({
    ...{ role: "server", bundled: false, datastore: "sqlite", open: false },
    arguments: {
      "kube-apiserver": { "anonymous-auth": "false" },
      kubelet: { "node-ip": "10.101.0.1" },
    },
    ...{ providers: ["aescbc", "identity"], audit: "kind: Policy\n" },
  });
  expect(Object.keys(facts.arguments)).toEqual(["kube-apiserver", "kubelet"]);
  expect(modeOf(facts, "tls/client-ca.crt")).toBe("644");
  expect(modeOf(facts, "tls/client-ca.key")).toBe("600");
});

it("tells of an agent what it has, and of network policies that are disabled", () => {
  write(`${STATE}/agent/kubelet.kubeconfig`, "");
  write(`${STATE}/data/current/bin/cni`, "");
  write("etc/rancher/k3s/config.yaml", "disable-network-policy: true\n");
  const facts = readNode("raspberrypi", run());
  expect(facts).toMatchObject({ role: "agent", bundled: true, open: true });
  expect(facts).not.toHaveProperty("datastore");
  expect(modeOf(facts, "kubelet.kubeconfig")).toBe("600");
});

it("asks kubectl for what roles and pods are, never for a Secret's content, and each node's machine", async () => {
  const asked: string[] = [];
  const facts = await gather({
    kubectl: (...args) => {
      asked.push(args.join(" "));
      const answers: readonly (readonly [RegExp, unknown])[] = [
        [/^get nodes /, { items: [{ metadata: { name: "masternode" } }] }],
        [/^get --raw/, { kubeletconfig: { podPidsLimit: 4096 } }],
        [/^get pods /, { items: [{ metadata: { name: "one" } }] }],
      ];
      const found = answers.find(([pattern]) => pattern.test(args.join(" ")));
      const text = args[1] === "secrets" ? "" : JSON.stringify(found?.[1] ?? { items: [] });
      return Promise.resolve(text);
    },
    run: (_node, script) => Promise.resolve(run(script)),
  });
  expect(facts.nodes).toMatchObject([{ name: "masternode", kubelet: { podPidsLimit: 4096 } }]);
  expect(facts.cluster.pods).toEqual([{ metadata: { name: "one" } }]);
  expect(asked.filter((each) => each.includes("secrets"))).toEqual([
    "get secrets --all-namespaces --output=name --field-selector=type=bootstrap.kubernetes.io/token",
  ]);
});
