/** Chapters 1 and 2 of the benchmark: what the server runs, its files, its datastore. */
import type { Facts } from "./facts.ts";
import {
  always,
  argument,
  atLeast,
  given,
  has,
  hasNot,
  is,
  mode,
  notGiven,
  owned,
  servers,
  unless,
  unseen,
  unsetOr,
  within,
  type Check,
  type Outcome,
} from "./rules.ts";

const CRED = "/var/lib/rancher/k3s/server/cred";
const TLS = "/var/lib/rancher/k3s/server/tls";

const NO_POD = always(
  "NOT APPLICABLE",
  "K3s runs it inside its own process: there is no pod and no file of one",
);

/** What the official program brings decides; another container runtime is the machine's own. */
function bundled(look: (facts: Facts) => Outcome) {
  return (facts: Facts): Outcome =>
    facts.nodes.every((node) => node.bundled)
      ? look(facts)
      : unseen("the CNI plugins are the machine's, not those that K3s brings");
}

/** Of etcd, which K3s runs only where there are several servers. */
function etcd(facts: Facts): Outcome {
  const other = servers(facts).filter(({ datastore }) => datastore !== "sqlite");
  return other.length === 0
    ? { status: "NOT APPLICABLE", reason: "the datastore is SQLite: one file, no port" }
    : unseen(
        `${other.map(({ name }) => name).join(", ")} has no SQLite: nothing here looks at etcd`,
      );
}

const CIPHERS = [
  ...["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"],
  ...["ECDSA", "RSA"].flatMap((kind) =>
    ["AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305"].map(
      (cipher) => `TLS_ECDHE_${kind}_WITH_${cipher}`,
    ),
  ),
];
export const STRONG_CIPHERS: readonly string[] = [
  ...CIPHERS,
  ...["ECDSA", "RSA"].map((kind) => `TLS_ECDHE_${kind}_WITH_CHACHA20_POLY1305_SHA256`),
];

const config = (name: string): RegExp => new RegExp(`^${CRED}/${name}\\.kubeconfig$`);

const FILES: readonly Check[] = [
  ...["API server", "controller manager", "scheduler", "etcd"].flatMap((part, index) => [
    {
      id: `1.1.${2 * index + 1}`,
      title: `The file of the ${part}'s pod is its owner's alone to read`,
      look: NO_POD,
    },
    { id: `1.1.${2 * index + 2}`, title: `The file of the ${part}'s pod is root's`, look: NO_POD },
  ]),
  {
    id: "1.1.9",
    title: "Files of the pods' network are their owner's alone to read",
    look: bundled(mode("all", /^\/var\/lib\/cni\/networks\//, 0o600)),
  },
  {
    id: "1.1.10",
    title: "Files of the pods' network are root's",
    look: owned("all", /^\/var\/lib\/cni\/networks\//),
  },
  { id: "1.1.11", title: "The folder of etcd's data is its owner's alone", look: etcd },
  {
    id: "1.1.12",
    title: "The folder of etcd's data is etcd's",
    look: always("NOT APPLICABLE", "K3s has no user etcd: the datastore is root's"),
  },
  ...["admin", "scheduler", "controller"].flatMap((name, index) => [
    {
      id: `1.1.${13 + 2 * index}`,
      title: `The kubeconfig ${name} is its owner's alone to read`,
      look: mode("servers", config(name), 0o600),
    },
    {
      id: `1.1.${14 + 2 * index}`,
      title: `The kubeconfig ${name} is root's`,
      look: owned("servers", config(name)),
    },
  ]),
  {
    id: "1.1.19",
    title: "The folder of keys and certificates is root's",
    look: owned("servers", new RegExp(`^${TLS}(/|$)`)),
  },
  {
    id: "1.1.20",
    title: "Certificates are their owner's alone to read",
    look: mode("servers", new RegExp(`^${TLS}/.*\\.crt$`), 0o600),
  },
  {
    id: "1.1.21",
    title: "Keys are their owner's alone to read",
    look: mode("servers", new RegExp(`^${TLS}/.*\\.key$`), 0o600),
  },
];

const API = "kube-apiserver";

/** Names of plugins, arguments and what they are to be, in the order of the benchmark. */
const API_SERVER: readonly Check[] = [
  {
    id: "1.2.1",
    title: "Requests without a name are refused",
    look: argument(API, "anonymous-auth", is("false")),
  },
  {
    id: "1.2.2",
    title: "No file of fixed tokens lets anybody in",
    look: argument(API, "token-auth-file", notGiven),
  },
  {
    id: "1.2.3",
    title: "No Service takes an outside address",
    look: argument(API, "enable-admission-plugins", has("DenyServiceExternalIPs")),
  },
  {
    id: "1.2.4",
    title: "Kubelets are asked with a certificate and its key",
    look: argument(
      API,
      "kubelet-client-certificate",
      (found, all) =>
        (found !== undefined && all["kubelet-client-key"] !== undefined) || "both must be given",
    ),
  },
  {
    id: "1.2.5",
    title: "Kubelets are known by their CA",
    look: argument(API, "kubelet-certificate-authority", given),
  },
  {
    id: "1.2.6",
    title: "Not every request is allowed",
    look: argument(API, "authorization-mode", hasNot("AlwaysAllow")),
  },
  {
    id: "1.2.7",
    title: "Nodes may do what concerns them alone",
    look: argument(API, "authorization-mode", has("Node")),
  },
  {
    id: "1.2.8",
    title: "Roles say who may do what",
    look: argument(API, "authorization-mode", has("RBAC")),
  },
  {
    id: "1.2.9",
    title: "A flood of events is cut off",
    look: argument(API, "enable-admission-plugins", has("EventRateLimit")),
  },
  {
    id: "1.2.10",
    title: "Not everything is admitted",
    look: argument(API, "enable-admission-plugins", hasNot("AlwaysAdmit")),
  },
  {
    id: "1.2.11",
    title: "Images are pulled anew for each pod",
    look: always(
      "ACCEPTED",
      "a device whose home has lost its uplink could start no pod again; images are public and named by digest, " +
        "so that a pull brings nothing else and proves no right",
    ),
  },
  {
    id: "1.2.12",
    title: "Pods have service accounts",
    look: argument(API, "disable-admission-plugins", hasNot("ServiceAccount")),
  },
  {
    id: "1.2.13",
    title: "Nothing is made in a namespace that goes",
    look: argument(API, "disable-admission-plugins", hasNot("NamespaceLifecycle")),
  },
  {
    id: "1.2.14",
    title: "A node changes itself and its pods alone",
    look: argument(API, "enable-admission-plugins", has("NodeRestriction")),
  },
  {
    id: "1.2.15",
    title: "The API server offers no profile of itself",
    look: argument(API, "profiling", is("false")),
  },
  { id: "1.2.16", title: "Requests are logged", look: argument(API, "audit-log-path", given) },
  {
    id: "1.2.17",
    title: "The log is kept for 30 days or more",
    look: argument(API, "audit-log-maxage", atLeast(30)),
  },
  {
    id: "1.2.18",
    title: "Ten files of the log or more are kept",
    look: argument(API, "audit-log-maxbackup", atLeast(10)),
  },
  {
    id: "1.2.19",
    title: "A file of the log holds 100 MB or more",
    look: argument(API, "audit-log-maxsize", atLeast(100)),
  },
  {
    id: "1.2.20",
    title: "A request ends in time",
    look: argument(
      API,
      "request-timeout",
      (found) => (found !== "0" && found !== "0s") || "must not be 0",
    ),
  },
  {
    id: "1.2.21",
    title: "A token is good while its account is there",
    look: argument(API, "service-account-lookup", unsetOr("true")),
  },
  {
    id: "1.2.22",
    title: "Tokens are checked with a key of their own",
    look: argument(API, "service-account-key-file", given),
  },
  { id: "1.2.23", title: "etcd is asked with a certificate", look: etcd },
  {
    id: "1.2.24",
    title: "The API server has a certificate and its key",
    look: argument(
      API,
      "tls-cert-file",
      (found, all) =>
        (found !== undefined && all["tls-private-key-file"] !== undefined) || "both must be given",
    ),
  },
  {
    id: "1.2.25",
    title: "Clients are known by their CA",
    look: argument(API, "client-ca-file", given),
  },
  { id: "1.2.26", title: "etcd is known by its CA", look: etcd },
  {
    id: "1.2.27",
    title: "Secrets are encrypted in the datastore",
    look: argument(API, "encryption-provider-config", given),
  },
  { id: "1.2.28", title: "What encrypts Secrets is strong", look: encrypts },
  {
    id: "1.2.29",
    title: "The API server uses strong ciphers alone",
    look: argument(API, "tls-cipher-suites", within(STRONG_CIPHERS)),
  },
];

const MANAGER = "kube-controller-manager";
const OTHERS: readonly Check[] = [
  {
    id: "1.3.1",
    title: "Finished pods do not pile up",
    look: argument(MANAGER, "terminated-pod-gc-threshold", given),
  },
  {
    id: "1.3.2",
    title: "The controller manager offers no profile of itself",
    look: argument(MANAGER, "profiling", is("false")),
  },
  {
    id: "1.3.3",
    title: "Each controller has an account of its own",
    look: argument(MANAGER, "use-service-account-credentials", is("true")),
  },
  {
    id: "1.3.4",
    title: "Tokens are signed with a key of their own",
    look: argument(MANAGER, "service-account-private-key-file", given),
  },
  {
    id: "1.3.5",
    title: "Pods get the CA of the API server",
    look: argument(MANAGER, "root-ca-file", given),
  },
  {
    id: "1.3.6",
    title: "Kubelets' certificates may be renewed",
    look: argument(MANAGER, "feature-gates", hasNot("RotateKubeletServerCertificate=false")),
  },
  {
    id: "1.3.7",
    title: "The controller manager listens on the loopback alone",
    look: argument(MANAGER, "bind-address", unsetOr("127.0.0.1")),
  },
  {
    id: "1.4.1",
    title: "The scheduler offers no profile of itself",
    look: argument("kube-scheduler", "profiling", is("false")),
  },
  {
    id: "1.4.2",
    title: "The scheduler listens on the loopback alone",
    look: argument("kube-scheduler", "bind-address", unsetOr("127.0.0.1")),
  },
];

const ETCD: readonly Check[] = [
  "has a certificate for its clients",
  "asks its clients for certificates",
  "makes no certificate of its own for clients",
  "has a certificate for its peers",
  "asks its peers for certificates",
  "makes no certificate of its own for peers",
  "has a CA of its own",
].map((what, index) => ({ id: `2.${index + 1}`, title: `etcd ${what}`, look: etcd }));

/** Chapters 1 and 2. */
export const CONTROL_PLANE: readonly Check[] = [...FILES, ...API_SERVER, ...OTHERS, ...ETCD];

function encrypts(facts: Facts): Outcome {
  const wrong = servers(facts).flatMap(({ name, providers = [] }) =>
    ["aescbc", "kms", "secretbox"].includes(providers[0] ?? "")
      ? []
      : [
          `${name}: ${providers[0] ?? "nothing"} writes Secrets; docs/hardening.md says how they get a key`,
        ],
  );
  return unless(wrong, `by ${servers(facts)[0]?.providers?.[0] ?? "nobody"}`);
}
