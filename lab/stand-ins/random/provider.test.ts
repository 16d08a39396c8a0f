import { secret, unwrap, type Properties } from "@fogline/pulumi-kit/values";
import { describe, expect, it } from "vitest";

import { RandomProvider } from "./provider.ts";

const provider = new RandomProvider();

function urn(type: string): string {
  const module = `${type.charAt(0).toLowerCase()}${type.slice(1)}`;
  return `urn:pulumi:lab::fogline::random:index/${module}:${type}::one`;
}

async function make(type: string, inputs: Properties): Promise<Properties & { id: string }> {
  const { id, outputs } = await provider.create(urn(type), inputs);
  return { ...outputs, id };
}

describe("the random stand-in", () => {
  it("makes passwords that are secret, with the official defaults beside them", async () => {
    const made = await make("RandomPassword", { length: 24, special: false });
    expect(made).toMatchObject({ id: "none", lower: true, minUpper: 0, number: true });
    expect(made["result"]).toEqual(secret(expect.stringMatching(/^[A-Za-z0-9]{24}$/)));
    const old = await make("RandomPassword", { length: 24, number: false });
    expect(old).toMatchObject({ numeric: false });
    expect(unwrap(old["result"])).toMatch(/^\D{24}$/);
  });

  it("makes identifiers in every notation", async () => {
    const made = await make("RandomId", { byteLength: 8, prefix: "fog-" });
    const hex = String(made["hex"]).slice(4);
    expect(Buffer.from(made.id, "base64url").toString("hex")).toBe(hex);
    expect(made["dec"]).toBe(`fog-${BigInt(`0x${hex}`)}`);
  });

  it("makes texts, names, numbers and bytes", async () => {
    const text = await make("RandomString", { length: 5, upper: false, keepers: { a: "b" } });
    expect(text.id).toBe(text["result"]);
    const pet = await make("RandomPet", { length: 3, prefix: "pi", separator: "_" });
    expect(pet.id).toMatch(/^pi(_[a-z]+){3}$/);
    const uuid = await make("RandomUuid", {});
    expect(uuid["result"]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    const number = await make("RandomInteger", { min: 3, max: 3 });
    expect(number).toMatchObject({ id: "3", result: 3 });
    const bytes = await make("RandomBytes", { length: 16 });
    expect(unwrap(bytes["hex"])).toMatch(/^[0-9a-f]{32}$/);
    expect(bytes["base64"]).toEqual(secret(expect.any(String)));
  });

  it("makes a new value when an input changes, and only then", () => {
    const olds = { length: 48, keepers: { a: "1" } };
    const type = urn("RandomPassword");
    expect(provider.diff(type, olds, { keepers: { a: "1" }, length: 48 })).toEqual([]);
    expect(provider.diff(type, olds, { length: 48, keepers: { a: "2" } })).toEqual([
      { path: "keepers.a", kind: "update", replaces: true },
    ]);
  });

  it("refuses by name what it does not have, and rules that cannot be kept", () => {
    const wrong = provider.check(urn("RandomInteger"), { min: 1, max: 2, seed: "s" });
    expect(wrong).toEqual([expect.objectContaining({ property: "seed" })]);
    expect(provider.check(urn("RandomPassword"), { length: 3, minLower: 4 })).toHaveLength(1);
    expect(provider.check(urn("RandomInteger"), { min: 2, max: 1 })).toHaveLength(1);
    expect(provider.check(urn("RandomId"), {})).toHaveLength(1);
    expect(() => provider.check(urn("RandomShuffle"), {})).toThrow("RandomShuffle");
  });
});
