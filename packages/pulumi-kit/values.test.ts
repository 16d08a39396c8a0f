import { ASSET, OUTPUT, SIGNATURE } from "./signatures.ts";
import { describe, expect, it } from "vitest";

import { differences } from "./difference.ts";
import { hasUnknown, nameOf, secret, secretTexts, typeOf, unwrap } from "./values.ts";

describe("envelopes", () => {
  it("come off at any depth", () => {
    const output = { [SIGNATURE]: OUTPUT, value: [secret("b")], secret: false };
    expect(unwrap({ a: secret({ inner: output }) })).toEqual({ a: { inner: ["b"] } });
  });

  it("without a value are unknowns", () => {
    expect(hasUnknown({ a: [{ [SIGNATURE]: OUTPUT }] })).toBe(true);
    expect(hasUnknown({ a: [secret("x")] })).toBe(false);
  });

  it("tell which texts are secret", () => {
    const output = { [SIGNATURE]: OUTPUT, value: { deep: "three" }, secret: true };
    expect(secretTexts({ a: "no", b: secret(["one", "two"]), c: [output] })).toEqual([
      "one",
      "two",
      "three",
    ]);
  });
});

describe("a difference", () => {
  it("is named by its path", () => {
    const olds = { a: { "k.e": 1, b: [1, 2] }, gone: true, same: secret("x") };
    const news = { a: { "k.e": 2, b: [1, 3, 4] }, new: false, same: "x", __internal: 1 };
    expect(differences(olds, news)).toEqual([
      { path: 'a["k.e"]', kind: "update" },
      { path: "a.b[1]", kind: "update" },
      { path: "a.b[2]", kind: "add" },
      { path: "gone", kind: "delete" },
      { path: "new", kind: "add" },
    ]);
  });

  it("of assets is one of their contents", () => {
    const asset = (path: string, hash: string): unknown => ({ [SIGNATURE]: ASSET, path, hash });
    expect(differences({ of: asset("/a", "1") }, { of: asset("/b", "1") })).toEqual([]);
    expect(differences({ of: asset("/a", "1") }, { of: asset("/a", "2") })).toEqual([
      { path: "of", kind: "update" },
    ]);
  });
});

it("a URN yields type and name", () => {
  const urn = "urn:pulumi:lab::fogline::fogline:apps:Website$kubernetes:apps/v1:Deployment::a::b";
  expect(typeOf(urn)).toBe("kubernetes:apps/v1:Deployment");
  expect(nameOf(urn)).toBe("a::b");
});
