/** Chapter 4 of the benchmark: files and kubelet of every node. */
import { STRONG_CIPHERS } from "./control-plane.ts";
import { always, argument, kubelet, mode, owned, unsetOr, type Check } from "./rules.ts";

const AGENT = "/var/lib/rancher/k3s/agent";

const IN_PROCESS = always(
  "NOT APPLICABLE",
  "K3s runs kubelet inside its own process: the unit is K3s' own, and the configuration is written at each start",
);

const proxy = new RegExp(`^${AGENT}/kubeproxy\\.kubeconfig$`);
const own = new RegExp(`^${AGENT}/kubelet\\.kubeconfig$`);
const ca = new RegExp(`^${AGENT}/client-ca\\.crt$`);

const FILES: readonly Check[] = [
  { id: "4.1.1", title: "kubelet's unit is its owner's alone to read", look: IN_PROCESS },
  { id: "4.1.2", title: "kubelet's unit is root's", look: IN_PROCESS },
  {
    id: "4.1.3",
    title: "kube-proxy's kubeconfig is its owner's alone to read",
    look: mode("all", proxy, 0o600),
  },
  { id: "4.1.4", title: "kube-proxy's kubeconfig is root's", look: owned("all", proxy) },
  {
    id: "4.1.5",
    title: "kubelet's kubeconfig is its owner's alone to read",
    look: mode("all", own, 0o600),
  },
  { id: "4.1.6", title: "kubelet's kubeconfig is root's", look: owned("all", own) },
  {
    id: "4.1.7",
    title: "The CA that kubelet knows clients by is its owner's alone to read",
    look: mode("all", ca, 0o600),
  },
  {
    id: "4.1.8",
    title: "The CA that kubelet knows clients by is root's",
    look: owned("all", ca),
  },
  { id: "4.1.9", title: "kubelet's configuration is its owner's alone to read", look: IN_PROCESS },
  { id: "4.1.10", title: "kubelet's configuration is root's", look: IN_PROCESS },
];

const set = (value: unknown): true | string =>
  (typeof value === "string" && value !== "") || "must be given";

const KUBELET: readonly Check[] = [
  {
    id: "4.2.1",
    title: "kubelet refuses requests without a name",
    look: kubelet(
      "authentication.anonymous.enabled",
      (value) => value === false || "must be false",
    ),
  },
  {
    id: "4.2.2",
    title: "kubelet does not allow every request",
    look: kubelet(
      "authorization.mode",
      (value) => value === "Webhook" || "must be Webhook, which asks the API server",
    ),
  },
  {
    id: "4.2.3",
    title: "kubelet knows clients by their CA",
    look: kubelet("authentication.x509.clientCAFile", set),
  },
  {
    id: "4.2.4",
    title: "kubelet has no port for everybody",
    look: kubelet("readOnlyPort", (value) => value === undefined || value === 0 || "must be 0"),
  },
  {
    id: "4.2.5",
    title: "A silent connection into a container is closed",
    look: kubelet(
      "streamingConnectionIdleTimeout",
      (value) => (value !== "0s" && value !== 0) || "must not be 0",
    ),
  },
  {
    id: "4.2.6",
    title: "kubelet makes the chains of iptables that others build on",
    look: kubelet("makeIPTablesUtilChains", (value) => value !== false || "must not be false"),
  },
  {
    id: "4.2.7",
    title: "A node is called as its machine is",
    look: always(
      "NOT APPLICABLE",
      "K3s names its node by --hostname-override, always, and keeps the name for one machine by a password",
    ),
  },
  {
    id: "4.2.8",
    title: "Events are recorded",
    look: kubelet(
      "eventRecordQPS",
      (value) => value === undefined || Number(value) >= 0 || "must be 0 or more",
    ),
  },
  {
    id: "4.2.9",
    title: "kubelet has a certificate and its key",
    look: kubelet("tlsCertFile", set),
  },
  {
    id: "4.2.10",
    title: "kubelet's certificate is renewed",
    look: argument("kubelet", "rotate-certificates", unsetOr("true")),
  },
  {
    id: "4.2.11",
    title: "The certificate that kubelet answers with may be renewed",
    look: kubelet(
      "featureGates.RotateKubeletServerCertificate",
      (value) => value !== false || "must not be false",
    ),
  },
  {
    id: "4.2.12",
    title: "kubelet uses strong ciphers alone",
    look: kubelet(
      "tlsCipherSuites",
      (value) =>
        (Array.isArray(value) &&
          value.length > 0 &&
          value.every((each) => STRONG_CIPHERS.includes(String(each)))) ||
        `must name none but ${STRONG_CIPHERS.join(", ")}`,
    ),
  },
  {
    id: "4.2.13",
    title: "A pod has a limit of processes",
    look: kubelet("podPidsLimit", (value) => Number(value) > 0 || "must be more than 0"),
  },
];

/** Chapter 4. */
export const NODES: readonly Check[] = [
  ...FILES,
  ...KUBELET,
  {
    id: "4.3.1",
    title: "kube-proxy tells of itself on the loopback alone",
    look: argument(
      "kube-proxy",
      "metrics-bind-address",
      (value) =>
        value === undefined || /^(127\.|localhost|\[::1\])/.test(value) || "must be on 127.0.0.1",
    ),
  },
];
