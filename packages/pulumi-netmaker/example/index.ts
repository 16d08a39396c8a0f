/** A network at home: its server is the gateway, a phone reaches the printer behind it and nothing else. */
import * as netmaker from "@fogline/pulumi-netmaker";
import { Config } from "@pulumi/pulumi";

const config = new Config();
const provider = new netmaker.Provider("netmaker", {
  url: config.require("url"), // https://api.netmaker.example.com
  username: config.require("username"),
  password: config.requireSecret("password"),
});

const home = new netmaker.Network(
  "home",
  { name: "home", addressRange: "10.101.0.0/16", defaultRules: false },
  { provider },
);

// For machines to come: netclient join -t "$(pulumi stack output token --show-secrets)"
const key = new netmaker.EnrollmentKey(
  "servers",
  { name: "servers", networks: [home.name], uses: 2 },
  { provider },
);
export const token = key.token;

// A machine that runs netclient on this server already.
const nas = new netmaker.Host("nas", { name: "nas", network: home.name }, { provider });
const gateway = new netmaker.Gateway(
  "gateway",
  { network: home.name, node: nas.nodeId },
  { provider },
);

const lan = new netmaker.Egress(
  "lan",
  { name: "lan", network: home.name, range: "192.168.1.0/24", node: gateway.node },
  { provider },
);

// Its file names the ranges that there are when it is made: the printer's must be one of them.
const phone = new netmaker.ExternalClient(
  "phone",
  { clientId: "phone", network: home.name, gateway: gateway.node },
  { provider, dependsOn: [lan] },
);
// pulumi stack output phoneFile --show-secrets > phone.conf
export const phoneFile = phone.config;

new netmaker.AclRule(
  "printing",
  {
    name: "printing",
    network: home.name,
    from: [{ kind: "device", id: phone.clientId }],
    to: [{ kind: "egress", id: lan.egressId }],
    protocol: "tcp",
    ports: ["631"],
  },
  { provider },
);
new netmaker.DnsRecord(
  "printer",
  { name: "printer.home", network: home.name, address: "192.168.1.9" },
  { provider },
);
