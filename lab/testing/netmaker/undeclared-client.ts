/**
 * Makes or deletes an external client that the program does not declare; prints its configuration.
 *
 * Usage: node --import tsx lab/testing/netmaker/undeclared-client.ts create|delete ACCESS-FILE
 */
import { readFileSync } from "node:fs";

import { NetmakerClient } from "@fogline/pulumi-netmaker/api";

const ID = "visitor";
const [action, file = ""] = process.argv.slice(2);
const { url, username, password, ca, network } = JSON.parse(readFileSync(file, "utf8")) as Record<
  "url" | "username" | "password" | "ca" | "network",
  string
>;
const client = new NetmakerClient({ url, credentials: { username, password }, ca });

if (action === "create") {
  const gateway = (await client.nodes.list(network)).find(({ isGateway }) => isGateway);
  if (gateway === undefined) {
    throw new Error(`the network ${network} has no gateway`);
  }
  await client.externalClients.create(network, gateway.id, { id: ID });
  process.stdout.write(`${await client.externalClients.config(network, ID)}\n`);
} else {
  await client.externalClients.delete(network, ID);
}
