import { secret, unwrap, type Properties } from "@fogline/pulumi-kit/values";
import { describe, expect, it } from "vitest";

import { RandomProvider } from "./provider.ts";

const URN = "urn:pulumi:lab::fogline::random:index/randomPassword:RandomPassword::one";
const provider = new RandomProvider();

async function make(inputs: Properties): Promise<Properties & { id: string }> {
  const { id, outputs } = await provider.create(URN, inputs);
  return { ...outputs, id };
}

describe("the random stand-in", () => {
  it("makes passwords that are secret, with the official defaults beside them", async () => {
    const made = await make({ length: 24, special: false });
    expect(made).toMatchObject({ id: "none", lower: true, minUpper: 0, number: true });
    expect(made["result"]).toEqual(secret(expect.stringMatching(/^[A-Za-z0-9]{24}$/)));
    const old = await make({ length: 24, number: false });
    expect(old).toMatchObject({ numeric: false });
    expect(unwrap(old["result"])).toMatch(/^\D{24}$/);
  });

  it("makes a new value when an input changes, and only then", () => {
    const olds = { length: 48, keepers: { a: "1" } };
    expect(provider.diff(URN, olds, { keepers: { a: "1" }, length: 48 })).toEqual([]);
    expect(provider.diff(URN, olds, { length: 48, keepers: { a: "2" } })).toEqual([
      { path: "keepers.a", kind: "update", replaces: true },
    ]);
  });

  it("refuses by name what it does not have, and rules that cannot be kept", () => {
    const wrong = provider.check(URN, { length: 8, seed: "s" });
    expect(wrong).toEqual([expect.objectContaining({ property: "seed" })]);
    expect(provider.check(URN, { length: 3, minLower: 4 })).toHaveLength(1);
    expect(provider.check(URN, {})).toHaveLength(1);
    const refusal = "the lab's stand-in for the random provider does not support random:index/";
    expect(() => provider.check(URN.replaceAll("Password", "Pet"), {})).toThrow(
      `${refusal}randomPet:RandomPet`,
    );
  });
});
