/** Facts of a cluster as it should be, in the form in which machines and kubectl tell them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { readNode, type ClusterFacts, type Facts } from "../facts.ts";

const K3S = "/var/lib/rancher/k3s";
const CIPHERS = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";
const POLICY = join(import.meta.dirname, "../../components/k3s/files/audit-policy.yaml");

/** What the kubelet of every node runs with. */
export const KUBELET = {
  authentication: {
    anonymous: { enabled: false },
    webhook: { enabled: true },
    x509: { clientCAFile: `${K3S}/agent/client-ca.crt` },
  },
  authorization: { mode: "Webhook" },
  eventRecordQPS: 50,
  makeIPTablesUtilChains: true,
  podPidsLimit: 4096,
  streamingConnectionIdleTimeout: "5m0s",
  tlsCertFile: `${K3S}/agent/serving-kubelet.crt`,
  tlsPrivateKeyFile: `${K3S}/agent/serving-kubelet.key`,
  tlsCipherSuites: CIPHERS.split(","),
};

const line = (...fields: readonly string[]): string => fields.join("\t");
const file = (path: string, mode = "600"): string => line("file", path, mode, "root:root");

const EVERY_NODE = [
  line("bundled", "yes"),
  line("arguments", "kubelet", "--node-ip=10.101.0.1 --hostname-override=a --kubeconfig=/k"),
  line("arguments", "kube-proxy", "--proxy-mode=iptables --healthz-bind-address=127.0.0.1"),
  ...["kubelet", "kubeproxy"].map((name) => file(`${K3S}/agent/${name}.kubeconfig`)),
  file(`${K3S}/agent/client-ca.crt`),
  file("/var/lib/cni/networks/cbr0/10.42.0.2"),
];

/** Arguments of the API server by name. */
export const API_SERVER: Readonly<Record<string, string>> = {
  "anonymous-auth": "false",
  "audit-log-maxage": "30",
  "audit-log-maxbackup": "10",
  "audit-log-maxsize": "100",
  "audit-log-path": `${K3S}/server/logs/audit.log`,
  "audit-policy-file": "/etc/rancher/k3s/audit-policy.yaml",
  "authorization-mode": "Node,RBAC",
  "client-ca-file": `${K3S}/server/tls/client-ca.crt`,
  "enable-admission-plugins": "NodeRestriction,EventRateLimit,DenyServiceExternalIPs",
  "encryption-provider-config": `${K3S}/server/cred/encryption-config.json`,
  "kubelet-certificate-authority": `${K3S}/server/tls/server-ca.crt`,
  "kubelet-client-certificate": `${K3S}/server/tls/client-kube-apiserver.crt`,
  "kubelet-client-key": `${K3S}/server/tls/client-kube-apiserver.key`,
  profiling: "false",
  "service-account-key-file": `${K3S}/server/tls/service.key`,
  "tls-cert-file": `${K3S}/server/tls/serving-kube-apiserver.crt`,
  "tls-cipher-suites": CIPHERS,
  "tls-private-key-file": `${K3S}/server/tls/serving-kube-apiserver.key`,
};

/** What `gather.sh` prints on the server. */
export function serverText(api = API_SERVER): string {
  const given = Object.entries(api).map(([name, value]) => `--${name}=${value}`);
  return [
    line("role", "server"),
    line("datastore", "sqlite"),
    line("arguments", "kube-apiserver", `${given.join(" ")}"`),
    line(
      "arguments",
      "kube-controller-manager",
      "--bind-address=127.0.0.1 --profiling=false --root-ca-file=/ca --service-account-private-key-file=/key " +
        "--terminated-pod-gc-threshold=100 --use-service-account-credentials=true",
    ),
    line("arguments", "kube-scheduler", "--bind-address=127.0.0.1 --profiling=false"),
    ...["admin", "controller", "scheduler"].map((name) =>
      file(`${K3S}/server/cred/${name}.kubeconfig`),
    ),
    file(`${K3S}/server/tls`, "700"),
    file(`${K3S}/server/tls/client-ca.crt`),
    file(`${K3S}/server/tls/client-ca.key`),
    line("providers", "aescbc,identity"),
    line("audit", readFileSync(POLICY).toString("base64")),
    ...EVERY_NODE,
  ].join("\n");
}

/** What it prints on an agent. */
export const AGENT_TEXT = [line("role", "agent"), ...EVERY_NODE].join("\n");

const named = (name: string, namespace?: string): object => ({
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
});

/** A pod of the website. */
export const POD = {
  ...named("website-1", "website"),
  spec: {
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    containers: [
      {
        name: "website",
        image: `docker.io/fogline/website@sha256:${"0".repeat(64)}`,
        securityContext: { allowPrivilegeEscalation: false },
      },
    ],
  },
};

/** Objects of the cluster. */
export const CLUSTER: ClusterFacts = {
  clusterRoles: [
    { ...named("cluster-admin"), rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }] },
    {
      ...named("traefik"),
      rules: [{ apiGroups: [""], resources: ["nodes"], verbs: ["get", "list", "watch"] }],
    },
  ],
  roles: [
    {
      ...named("traefik", "website"),
      rules: [{ apiGroups: [""], resources: ["secrets"], verbs: ["get"] }],
    },
  ],
  clusterRoleBindings: [
    { ...named("cluster-admin"), roleRef: { name: "cluster-admin" } },
    {
      ...named("traefik"),
      roleRef: { name: "traefik" },
      subjects: [{ kind: "ServiceAccount", name: "traefik", namespace: "ingress" }],
    },
  ],
  roleBindings: [],
  serviceAccounts: [named("default", "website"), named("default", "kube-system")],
  namespaces: [
    {
      metadata: {
        name: "website",
        labels: { "pod-security.kubernetes.io/enforce": "restricted" },
      },
    },
    named("kube-system"),
    named("default"),
  ],
  pods: [POD, { ...named("coredns", "kube-system"), spec: { containers: [{ image: "coredns" }] } }],
  services: [named("kubernetes", "default"), named("website-serv", "website")],
  networkPolicies: [named("default-deny", "website")],
  bootstrapTokens: [],
};

/** The whole. */
export function recorded(): Facts {
  return {
    nodes: [
      readNode("masternode", serverText(), KUBELET),
      readNode("raspberrypi", AGENT_TEXT, KUBELET),
    ],
    cluster: CLUSTER,
  };
}
