import { describe, expect, it } from "vitest";

import type { DnsRecordArgs } from "../api/index.ts";
import { recordNameRefusals } from "../rules/index.ts";
import {
  addressIn,
  netmaker,
  newMember,
  newNetwork,
  raw,
  refusal,
  refused,
  remove,
} from "./suite.ts";

async function argsIn(changes: Partial<DnsRecordArgs> = {}): Promise<DnsRecordArgs> {
  const { name, range } = await newNetwork();
  const args = { name: `pi.${name}`, network: name, address: addressIn(range, 9), ...changes };
  remove(() => netmaker.dnsRecords.delete(args.network, args.name));
  return args;
}

// controllers/dns.go, logic/dns.go, models/dnsEntry.go
describe("a DNS record", () => {
  it("is listed under the name it was created with, and the server's domain", async () => {
    const args = await argsIn();
    const { domain } = await netmaker.server.settings();
    const created = await netmaker.dnsRecords.create(args);
    expect(created).toEqual({
      ...args,
      address6: undefined,
      domainName: domain === "" ? args.name : `${args.name}.${domain}`,
    });
    expect(await netmaker.dnsRecords.list(args.network)).toEqual([created]);
    expect(await netmaker.dnsRecords.get(args.network, args.name)).toEqual(created);
  });

  it("may have an IPv6 address", async () => {
    const args = await argsIn({ address: undefined, address6: "fd00::9" });
    expect(await netmaker.dnsRecords.create(args)).toMatchObject({ address6: "fd00::9" });
  });

  it("stands beside those of the members, which the server makes", async () => {
    const args = await argsIn();
    const { host, node } = await newMember(args.network);
    const created = await netmaker.dnsRecords.create(args);
    const { json } = await raw("GET", `/api/dns/adm/${args.network}`);
    const { domain } = await netmaker.server.settings();
    const memberName = [host.name, args.network, domain].filter((part) => part !== "").join(".");
    expect(json).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: memberName, address: node.address?.replace("/24", "") }),
        expect.objectContaining({ name: created.domainName, address: args.address }),
      ]),
    );
    expect(await netmaker.dnsRecords.list(args.network)).toHaveLength(1);
  });

  // logic/dns.go, ValidateDNSCreate: compares with listed names, which end in the domain
  it("of the same name is overwritten while the server has a domain, else refused", async () => {
    const args = await argsIn();
    await netmaker.dnsRecords.create(args);
    const again = netmaker.dnsRecords.create({ ...args, address: "192.0.2.9" });
    if ((await netmaker.server.settings()).domain === "") {
      expect(await refusal(again)).toEqual(refused(400, "name_unique", "name"));
    } else {
      await again;
      expect(await netmaker.dnsRecords.list(args.network)).toMatchObject([
        { address: "192.0.2.9" },
      ]);
    }
  });

  it("is gone once it is deleted, and may be deleted twice", async () => {
    const args = await argsIn();
    await netmaker.dnsRecords.create(args);
    await netmaker.dnsRecords.delete(args.network, args.name);
    expect(await netmaker.dnsRecords.list(args.network)).toEqual([]);
    expect(await raw("DELETE", `/api/dns/${args.network}/${args.name}`)).toMatchObject({
      status: 200,
      json: `${args.name}.${args.network} deleted.`,
    });
  });

  it("are none in a network that does not exist", async () => {
    expect(await netmaker.dnsRecords.list("c-none")).toEqual([]);
  });
});

describe("a DNS record is refused", () => {
  it.each(["under_score.netmaker", "with space", "ümlaut"])("with the name %s", async (name) => {
    expect(await refusal(netmaker.dnsRecords.create(await argsIn({ name })))).toEqual(
      refused(400, "invalid input. Only uppercase letters", "name"),
    );
    expect(recordNameRefusals(name)).not.toEqual([]);
  });

  it("with a name of 193", async () => {
    const name = "n".repeat(193);
    expect(await refusal(netmaker.dnsRecords.create(await argsIn({ name })))).toEqual(
      refused(400, "'Name' failed on the 'max' tag", "name"),
    );
  });

  it.each([
    ["address", { address: "10.101.0.300" }],
    ["address6", { address6: "fd00::g" }],
  ])("with a malformed %s", async (field, change) => {
    expect(await refusal(netmaker.dnsRecords.create(await argsIn(change)))).toEqual(
      refused(400, "failed on the 'ip' tag", field),
    );
  });

  it("in a network that does not exist", async () => {
    const args = { name: "pi.c-none", network: "c-none", address: "192.0.2.9" };
    expect(await refusal(netmaker.dnsRecords.create(args))).toEqual(
      refused(400, "failed on the 'network_exists' tag", "network"),
    );
  });
});
