/** The server's first user, who may do everything. Whoever comes first owns the server. */
import { z } from "zod";

import type { NetmakerClient } from "../../api/index.ts";
import type { Found, Kind } from "../kind.ts";

const inputs = z.strictObject({
  username: z.string().min(4),
  password: z.string().min(5),
});
type Inputs = z.output<typeof inputs>;

export const superAdmin: Kind<Inputs> = {
  inputs,
  replaces: [],
  secrets: ["password"],
  find: async (client, given) => {
    if (!(await client.server.hasSuperAdmin())) {
      return undefined;
    }
    // It is this one if the provider, which is given the same password, can log in.
    await client.server.usage();
    return foundAs(given);
  },
  create: async (client, given) => {
    await client.server.createSuperAdmin(given);
    return foundAs(given);
  },
  read: async (client, id, given) =>
    (await client.server.hasSuperAdmin())
      ? foundAs({ username: given?.username ?? id, password: given?.password ?? "" })
      : undefined,
  update: (_: NetmakerClient, id, given) =>
    Promise.reject(
      new Error(
        `the super-admin ${id} cannot become ${given.username === id ? "one with another password" : given.username}: ` +
          "change it on the server, then in the program, and run pulumi refresh",
      ),
    ),
  // Deleted with its server only: other resources still need it to be deleted.
  delete: () => Promise.resolve(),
};

function foundAs({ username, password }: Inputs): Found {
  return { id: username, inputs: { username, password }, outputs: {} };
}
