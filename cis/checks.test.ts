import { describe, expect, it } from "vitest";

import { CHECKS, evaluate, report } from "./checks.ts";
import { readArguments, readNode, type ClusterFacts, type Facts } from "./facts.ts";
import type { Outcome } from "./rules.ts";
import {
  AGENT_TEXT,
  API_SERVER,
  CLUSTER,
  KUBELET,
  POD,
  recorded,
  serverText,
} from "./testing/recorded.ts";

/** Numbers of the profile k3s-cis-1.9: how many checks each section has. */
const SECTIONS: Readonly<Record<string, number>> = {
  ...{ "1.1": 21, "1.2": 29, "1.3": 7, "1.4": 2 },
  ...{ "3.1": 3, "3.2": 2, "4.1": 10, "4.2": 13, "4.3": 1 },
  ...{ "5.1": 13, "5.2": 13, "5.3": 2, "5.4": 2, "5.5": 1, "5.7": 4 },
};

function outcome(id: string, facts: Facts): Outcome | undefined {
  return evaluate(facts).find((each) => each.id === id);
}

/** The cluster as it should be, but for some of its objects. */
function cluster(change: Partial<ClusterFacts>): Facts {
  return { ...recorded(), cluster: { ...CLUSTER, ...change } };
}

/** The same, but for the server's words, or a kubelet's configuration. */
function nodes(text: string, kubelet: object = KUBELET): Facts {
  const agent = readNode("raspberrypi", AGENT_TEXT, kubelet);
  return { cluster: CLUSTER, nodes: [readNode("masternode", text, KUBELET), agent] };
}

const api = (change: Readonly<Record<string, string>>): Facts =>
  nodes(serverText({ ...API_SERVER, ...change }));

function without(name: string): Facts {
  const rest = Object.entries(API_SERVER).filter(([each]) => each !== name);
  return nodes(serverText(Object.fromEntries(rest)));
}

describe("the checks", () => {
  it("are those of the profile, each once, in its order", () => {
    const expected = [
      ...Object.entries(SECTIONS).flatMap(([section, count]) =>
        Array.from({ length: count }, (_, index) => `${section}.${index + 1}`),
      ),
      ...Array.from({ length: 7 }, (_, index) => `2.${index + 1}`),
    ];
    const order = (one: string, other: string): number =>
      one.localeCompare(other, "en", { numeric: true });
    expect(expected).toHaveLength(130);
    expect(CHECKS.map(({ id }) => id)).toEqual(expected.sort(order));
  });

  it("find nothing that fails in a cluster as it should be, and say of each why", () => {
    const results = evaluate(recorded());
    expect(results.filter(({ status }) => status === "FAIL")).toEqual([]);
    expect(results.filter(({ reason, title }) => reason === "" || title === "")).toEqual([]);
    expect(report(results)).toMatch(
      /\n130 checks: 101 PASS, 0 FAIL, 5 ACCEPTED, 24 NOT APPLICABLE, 0 NOT OBSERVABLE\n$/,
    );
  });

  it.each<readonly [string, string, Facts]>([
    ["1.2.1", "--anonymous-auth=true, must be false", api({ "anonymous-auth": "true" })],
    ["1.2.2", "must not be given", api({ "token-auth-file": "/tokens" })],
    ["1.2.8", "must name RBAC", api({ "authorization-mode": "Node" })],
    ["1.2.9", "must name EventRateLimit", api({ "enable-admission-plugins": "NodeRestriction" })],
    ["1.2.17", "must be 30 or more", api({ "audit-log-maxage": "7" })],
    ["1.2.17", "--audit-log-maxage=(unset)", without("audit-log-maxage")],
    ["1.2.20", "must not be 0", api({ "request-timeout": "0s" })],
    ["1.2.24", "both must be given", without("tls-private-key-file")],
    ["1.2.27", "must be given", without("encryption-provider-config")],
    ["1.2.29", "must name none but", api({ "tls-cipher-suites": "TLS_RSA_WITH_RC4_128_SHA" })],
    [
      "1.2.28",
      "identity writes Secrets",
      nodes(serverText().replace("aescbc,identity", "identity")),
    ],
    [
      "1.1.13",
      "admin.kubeconfig has mode 644; chmod 600",
      nodes(serverText().replace("admin.kubeconfig\t600", "admin.kubeconfig\t644")),
    ],
    [
      "1.1.19",
      "is k3s:root's",
      nodes(serverText().replace("server/tls\t700\troot:root", "server/tls\t700\tk3s:root")),
    ],
    [
      "3.2.2",
      "leaves out secrets",
      nodes(
        serverText().replace(
          /audit\t\S+/,
          `audit\t${Buffer.from("rules: [{level: Metadata}]").toString("base64")}`,
        ),
      ),
    ],
    ["5.3.1", "disable-network-policy is set", nodes(`${serverText()}\nopen\tyes`)],
  ])("find in %s, on the server, that it %s", (id, words, facts) => {
    expect(outcome(id, facts)).toEqual({
      ...{ id, status: "FAIL", title: expect.any(String) as string },
      reason: expect.stringContaining(words) as string,
    });
    expect(outcome(id, facts)?.reason).toContain("masternode");
  });

  it.each<readonly [string, string, object]>([
    ["4.2.1", "must be false", { authentication: { anonymous: { enabled: true } } }],
    ["4.2.2", "must be Webhook", { authorization: { mode: "AlwaysAllow" } }],
    ["4.2.4", "must be 0", { readOnlyPort: 10255 }],
    ["4.2.5", "must not be 0", { streamingConnectionIdleTimeout: "0s" }],
    ["4.2.12", "must name none but", { tlsCipherSuites: undefined }],
    ["4.2.13", "must be more than 0", { podPidsLimit: -1 }],
  ])("find in %s, of a node's kubelet, that something %s", (id, words, change) => {
    const found = outcome(id, nodes(serverText(), { ...KUBELET, ...change }));
    expect(found).toMatchObject({
      status: "FAIL",
      reason: expect.stringContaining(words) as string,
    });
    expect(found?.reason).toMatch(/^raspberrypi: /);
  });

  const binding = (role: string): object => ({
    metadata: { name: "intruder" },
    roleRef: { name: role },
    subjects: [{ kind: "ServiceAccount", name: "default", namespace: "website" }],
  });
  const role = (rule: object): object => ({ metadata: { name: "much" }, rules: [rule] });
  const bound = (rule: object): Partial<ClusterFacts> => ({
    clusterRoles: [...CLUSTER.clusterRoles, role(rule)],
    clusterRoleBindings: [...CLUSTER.clusterRoleBindings, binding("much")],
  });
  const pod = (spec: object): Partial<ClusterFacts> => ({
    pods: [{ ...POD, spec: { ...POD.spec, ...spec } }],
  });
  const [container] = POD.spec.containers;

  it.each<readonly [string, string, Partial<ClusterFacts>]>([
    [
      "5.1.1",
      "intruder makes its subjects administrators",
      { clusterRoleBindings: [binding("cluster-admin")] },
    ],
    ["5.1.2", "intruder lets", bound({ apiGroups: [""], resources: ["secrets"], verbs: ["list"] })],
    ["5.1.3", "much allows *", bound({ apiGroups: ["apps"], resources: ["*"], verbs: ["get"] })],
    ["5.1.4", "intruder lets", bound({ apiGroups: [""], resources: ["pods"], verbs: ["*"] })],
    ["5.1.5", "gives rights to an account default", bound({})],
    ["5.1.5", "has a token of the account default", pod({ automountServiceAccountToken: true })],
    ["5.1.6", "website/website-1 has a token", pod({ automountServiceAccountToken: undefined })],
    [
      "5.1.13",
      "intruder lets",
      bound({ apiGroups: [""], resources: ["serviceaccounts/token"], verbs: ["create"] }),
    ],
    ["5.2.2", "namespace website enforces none", { namespaces: [] }],
    ["5.3.2", "has pods and no NetworkPolicy", { networkPolicies: [] }],
    [
      "5.4.1",
      "has a Secret in its environment",
      pod({
        containers: [{ ...container, env: [{ valueFrom: { secretKeyRef: { name: "a" } } }] }],
      }),
    ],
    ["5.5.1", "without a digest", pod({ containers: [{ ...container, image: "nginx:1" }] })],
    ["5.7.2", "has no seccompProfile", pod({ securityContext: {} })],
    ["5.7.3", "has none", pod({ containers: [{ ...container, securityContext: undefined }] })],
    [
      "5.7.4",
      "default/x is there",
      { services: [{ metadata: { name: "x", namespace: "default" } }] },
    ],
    ["3.1.3", "is a bootstrap token", { bootstrapTokens: ["secret/bootstrap-token-abc"] }],
  ])("find in %s, in the cluster, what %s", (id, words, change) => {
    expect(outcome(id, cluster(change))).toMatchObject({
      ...{ status: "FAIL", reason: expect.stringContaining(words) as string },
    });
  });

  it("tell level from level: what baseline refuses is not all that restricted does", () => {
    const namespaces = [
      {
        metadata: { name: "website", labels: { "pod-security.kubernetes.io/enforce": "baseline" } },
      },
    ];
    expect(outcome("5.2.2", cluster({ namespaces }))?.status).toBe("PASS");
    expect(outcome("5.2.7", cluster({ namespaces }))?.status).toBe("FAIL");
  });

  it("fail nothing that was not seen, and say so", () => {
    const agent = readNode("raspberrypi", AGENT_TEXT);
    const lost = { cluster: CLUSTER, nodes: [readNode("masternode", "role\tserver"), agent] };
    expect(outcome("1.2.1", lost)).toMatchObject({
      status: "NOT OBSERVABLE",
      reason: "the journal of masternode has lost the start of kube-apiserver",
    });
    expect(outcome("4.2.1", lost)?.reason).toContain("does not answer");
    expect(outcome("1.1.13", lost)?.reason).toContain("no such file on masternode");
    expect(outcome("1.1.9", lost)?.reason).toContain("the machine's");
    expect(outcome("2.1", lost)?.reason).toContain("nothing here looks at etcd");
  });
});

describe("what a machine tells", () => {
  it("is refused where it is something else", () => {
    expect(() => readNode("pi", "bash: line 1: sudo: command not found")).toThrow(
      "pi: gather.sh did not say which role the node has",
    );
  });

  it("has arguments with and without a value, quoted or not, up to the end of a line of the journal", () => {
    expect(readArguments('--a=1 --b --c="x y" --d=e=f,g" file=server.go')).toEqual({
      ...{ a: "1", b: "true", c: "x y", d: "e=f,g" },
    });
  });
});
