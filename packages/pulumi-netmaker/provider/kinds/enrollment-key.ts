/** An enrolment key: with it a device becomes a member. */
import { z } from "zod";

import type { EnrollmentKey, KeyLimit } from "../../api/index.ts";
import { keyNameRefusals, type Refusal } from "../../rules/index.ts";
import { defined, type Found, type Kind } from "../kind.ts";

const inputs = z.strictObject({
  name: z.string(),
  networks: z.array(z.string()).min(1),
  uses: z.int().positive().optional(),
  expires: z.iso.datetime({ offset: true }).optional(),
  relay: z.string().optional(),
  groups: z.array(z.string()).default([]),
});
type Inputs = z.output<typeof inputs>;

export const enrollmentKey: Kind<Inputs> = {
  inputs,
  replaces: ["name", "networks", "uses", "expires"],
  secrets: ["value", "token"],
  names: { limit: "uses" },
  refusals: (known) => [...keyNameRefusals(known.name ?? ""), ...limitRefusals(known)],
  find: async (client, given) => {
    const found = await client.enrollmentKeys.find(given.name);
    return found && foundAs(found, given);
  },
  create: async (client, given) =>
    foundAs(await client.enrollmentKeys.create({ ...given, limit: limitOf(given) }), given),
  // Its value is what the API knows it by, and a secret, which an id must not be.
  read: async (client, id, given) => {
    const found = await client.enrollmentKeys.find(id);
    return found && foundAs(found, given);
  },
  update: async (client, id, given) => {
    const found = await client.enrollmentKeys.find(id);
    if (found === undefined) {
      throw new Error(`the enrolment key ${id} is gone: pulumi refresh, then up makes it anew`);
    }
    return foundAs(await client.enrollmentKeys.update(found.value, given), given);
  },
  delete: async (client, id) => {
    const found = await client.enrollmentKeys.find(id);
    if (found !== undefined) {
      await client.enrollmentKeys.delete(found.value);
    }
  },
};

/** The server keeps the number of uses and silently drops the expiry. */
function limitRefusals({ uses, expires }: Partial<Inputs>): Refusal[] {
  return uses === undefined || expires === undefined
    ? []
    : [
        {
          field: "expires",
          rule: "cannot be given with uses: the server keeps one of the two",
          fix: "leave one out",
        },
      ];
}

function limitOf({ uses, expires }: Inputs): KeyLimit {
  if (uses !== undefined) {
    return { kind: "uses", uses };
  }
  return expires === undefined ? { kind: "unlimited" } : { kind: "expires", at: new Date(expires) };
}

function foundAs(found: EnrollmentKey, given: Partial<Inputs> | undefined): Found {
  const { name, networks, relay, groups, limit } = found;
  return {
    id: name,
    inputs: defined({ name, networks, relay, groups, ...limitInputs(limit, given) }),
    outputs: {
      value: found.value,
      token: found.token,
      usesRemaining: limit.kind === "uses" ? limit.uses : undefined,
    },
  };
}

/** A key that was used has fewer uses left; that is what it is for, and no change of its kind. */
function limitInputs(limit: KeyLimit, given: Partial<Inputs> | undefined): Partial<Inputs> {
  switch (limit.kind) {
    case "uses":
      return { uses: given?.uses ?? limit.uses };
    case "expires": {
      const asked = given?.expires;
      const same = asked !== undefined && seconds(new Date(asked)) === seconds(limit.at);
      return { expires: same ? asked : limit.at.toISOString() };
    }
    case "unlimited":
      return {};
  }
}

/** The server keeps whole seconds. */
function seconds(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}
