/** What the providers of this program answer, as far as the program reads it. */
import { createHash } from "node:crypto";

import type { Answer } from "@fogline/pulumi-kit/mock";

import { printedBy } from "../components/remote/render.ts";

/** What providers add to their resources' inputs, by type. */
export const ANSWERS: Readonly<Record<string, Answer>> = {
  "azure-native:resources:ResourceGroup": (inputs) => ({ name: inputs["resourceGroupName"] }),
  "azure-native:network:VirtualNetwork": (inputs) => ({ name: inputs["virtualNetworkName"] }),
  "azure-native:network:RouteTable": (inputs) => ({ name: inputs["routeTableName"] }),
  "azure-native:network:PublicIPAddress": (_, name) => ({ ipAddress: `192.0.2.${name.length}` }),
  "azure-native:network:NetworkInterface": () => ({
    ipConfigurations: [{ name: "primary", privateIPAddress: "10.10.1.4" }],
  }),
  "azure-native:compute:VirtualMachine": (inputs) => ({
    name: inputs["vmName"],
    provisioningState: "Succeeded",
  }),
  "azure-native:compute:VirtualMachineExtension": (inputs) => ({
    name: inputs["vmExtensionName"],
  }),
  // What a plan is compared with may be a checkout of before, whose machines have one of these.
  "azure-native:compute:VirtualMachineRunCommandByVirtualMachine": (inputs) => ({
    name: inputs["runCommandName"],
  }),
  "netmaker:index:EnrollmentKey": (_, name) => ({ token: `${name}-token` }),
  "netmaker:index:Host": (_, name) => ({ nodeId: `${name}-node`, hostId: `${name}-host` }),
  "netmaker:index:Egress": (_, name) => ({ egressId: `${name}-egress` }),
  "netmaker:index:AclRule": (_, name) => ({ ruleId: `${name}-id` }),
  "netmaker:index:ExternalClient": (_, name) => ({
    address: `10.101.255.${name.length}`,
    config: `[Interface]
Address = 10.101.255.${name.length}/32
PrivateKey = [ENTER PRIVATE KEY]
MTU = 1420
DNS = 10.101.0.1

[Peer]
PublicKey = ${"H".repeat(43)}=
AllowedIPs = 10.101.0.0/16,10.10.0.0/16
Endpoint = 203.0.113.10:51820
PersistentKeepalive = 20
`,
  }),
  "random:index/randomPassword:RandomPassword": (_, name) => ({ result: `${name}-result` }),
  "command:remote:Command": (_, name) => ({ stdout: printedBy(printed(name)), stderr: "" }),
  "command:local:Command": (_, name) => ({
    stdout: printedBy(name.startsWith("registry-") ? imageDigest(name) : publicKey(name)),
    stderr: "",
  }),
};

function printed(name: string): string {
  const special = Object.entries(PRINTED).find(([ending]) => name.endsWith(ending));
  return special?.[1] ?? publicKey(name);
}

/** A WireGuard key that follows from a name. */
function publicKey(name: string): string {
  return createHash("sha256").update(name).digest("base64");
}

/** A digest of an image that follows from a name. */
function imageDigest(name: string): string {
  return `sha256:${createHash("sha256").update(name).digest("hex")}`;
}

/** What scripts print whose output the program reads, by the end of their resource's name. */
const PRINTED: Readonly<Record<string, string>> = {
  "-prepare": "",
  "-netmaker": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
  "-k3s":
    "K10aa::node:secret\nclusters: [{cluster: {server: https://127.0.0.1:6443}}]\nusers: [{user: {}}]\n",
  "-node": "reader-token",
  "-invitation": "1800000000\n",
  "-enrolment": `key ${"A".repeat(43)}=\nhost-key ssh-ed25519 AAAAC3Joined\narch amd64\nos Debian\n`,
};
