/**
 * What K3s is told beyond its defaults so that the cluster passes the CIS benchmark, as the K3s hardening guide
 * (docs.k3s.io/security/hardening-guide) has it: pure. docs/hardening.md describes each, with its cost.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { stringify } from "yaml";

import type { Settings } from "../../config/schema.ts";
import type { Machine } from "../machine.ts";
import type { Values } from "../remote/render.ts";

const FOLDER = "/etc/rancher/k3s";

/** Where the API server reads what it writes down of requests, and how admission plugins are configured. */
export const AUDIT_POLICY_FILE = `${FOLDER}/audit-policy.yaml`;
export const ADMISSION_FILE = `${FOLDER}/admission.yaml`;

/** Where requests are written down; the file and its folder are root's alone. */
export const AUDIT_LOG = "/var/lib/rancher/k3s/server/logs/audit.log";

/**
 * How much of the audit log is kept: days, files beside the present one, and MiB of each. The numbers of the CIS
 * benchmark (1.2.17 to 1.2.19); together at most 1.1 GiB of the server's disk.
 */
const AUDIT = { maxage: 30, maxbackup: 10, maxsize: 100 } as const;

/**
 * Finished pods that are kept to be looked at before the oldest go. Kubernetes keeps 12,500; the K3s guide asks
 * for 100.
 */
const FINISHED_PODS = 100;

/**
 * Processes and threads of a pod, its limit against fork bombs. It is OpenShift's default; the website's pod has
 * some 15, PostgreSQL one for each connection.
 */
const PROCESSES = 4096;

/**
 * When a silent connection of exec or port-forward is closed; what the K3s guide asks for. The kubelet of Kubernetes
 * 1.36 takes it and acts on it no more: its connections end after four hours, silent or not.
 */
const IDLE = "5m";

/** TLS 1.2 with forward secrecy and authenticated encryption (CIS 4.2.12); TLS 1.3 chooses for itself. */
const CIPHERS = [
  "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
  "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
] as const;

/**
 * Values of the kernel that kubelet runs with (`setupKernelTunables` of Kubernetes). Left to itself it sets them
 * at each start; with `protect-kernel-defaults` it changes nothing and refuses to run with others.
 */
const KERNEL: Readonly<Record<string, number>> = {
  "kernel.keys.root_maxbytes": 25_000_000,
  "kernel.keys.root_maxkeys": 1_000_000,
  "kernel.panic": 10,
  "kernel.panic_on_oops": 1,
  "vm.overcommit_memory": 1,
  "vm.panic_on_oom": 0,
};

/** Arguments of the API server; those that K3s sets already (no anonymous requests, Node and RBAC) are not here. */
export const API_SERVER: readonly string[] = [
  `admission-control-config-file=${ADMISSION_FILE}`,
  ...Object.entries(AUDIT).map(([name, value]) => `audit-log-${name}=${value}`),
  `audit-log-path=${AUDIT_LOG}`,
  `audit-policy-file=${AUDIT_POLICY_FILE}`,
  // The first is K3s' own, which naming others replaces. No Service takes an address that is another's.
  "enable-admission-plugins=NodeRestriction,EventRateLimit,DenyServiceExternalIPs",
  `tls-cipher-suites=${CIPHERS.join(",")}`,
];

/** Arguments of the controller manager. */
export const CONTROLLER_MANAGER: readonly string[] = [
  `terminated-pod-gc-threshold=${FINISHED_PODS}`,
];

/** Arguments of every node's kubelet. */
export const KUBELET: readonly string[] = [
  "make-iptables-util-chains=true",
  `pod-max-pids=${PROCESSES}`,
  `streaming-connection-idle-timeout=${IDLE}`,
  `tls-cipher-suites=${CIPHERS.join(",")}`,
];

/** What each `up` says of a cluster that was made without encrypted Secrets. */
export const READABLE_SECRETS =
  "Secrets can be read in the datastore's file: the cluster was made by a release that did not encrypt them. " +
  "fix: set fogline:k3s.secretsEncryption to always (docs/hardening.md says what it does), and run up";

/**
 * Values of `install.sh`.
 *
 * @param ownKernel whether the machine's kernel is its own: those of the lab run on their host's, which nothing
 *   here touches
 * @param secretsEncryption `always` where a cluster that was made without encrypted Secrets gets them, too
 */
export function hardeningValues(
  role: Machine["role"],
  ownKernel: boolean,
  secretsEncryption: Settings["k3s"]["secretsEncryption"] = "new",
): Values {
  const server = role === "server";
  return {
    AUDIT_POLICY: server ? file("audit-policy.yaml") : "",
    ADMISSION: server ? file("admission.yaml") : "",
    ENCRYPTION: server ? stringify({ "secrets-encryption": true }) : "",
    SECRETS_ENCRYPTION: server ? secretsEncryption : "",
    SYSCTL: ownKernel ? sysctl() : "",
    PROTECT_KERNEL: ownKernel ? stringify({ "protect-kernel-defaults": true }) : "",
  };
}

function sysctl(): string {
  const lines = Object.entries(KERNEL).map(([name, value]) => `${name} = ${value}`);
  return [
    "# What kubelet runs with. Written by Fogline, which takes it away with K3s.",
    ...lines,
    "",
  ].join("\n");
}

function file(name: string): string {
  return readFileSync(join(import.meta.dirname, "files", name), "utf8");
}
