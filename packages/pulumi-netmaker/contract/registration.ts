/** The registration request of a machine. */
import { randomBytes, randomUUID } from "node:crypto";

/** What netclient sends when it registers (schema/hosts.go), as far as the server reads it. */
export function registration(
  name: string,
  changes: Record<string, unknown> = {},
): {
  readonly id: string;
  readonly [field: string]: unknown;
} {
  return {
    id: randomUUID(),
    name,
    version: "v1.5.1",
    os: "linux",
    firewallinuse: "nftables",
    hostpass: randomBytes(16).toString("hex"),
    // Go reads the one as an array of numbers, the others as base64.
    publickey: [...randomBytes(32)],
    traffickeypublic: randomBytes(32).toString("base64"),
    macaddress: Buffer.from([0x02, ...randomBytes(5)]).toString("base64"),
    endpointip: "192.0.2.1",
    listenport: 51821,
    mtu: 1420,
    ...changes,
  };
}
