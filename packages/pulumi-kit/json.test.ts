import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { equal, formatPath, parsePath, withValue, type Json, type JsonObject } from "./json.ts";
import { unwrap, wrap } from "./secret-paths.ts";
import { ASSET, OUTPUT, SECRET, SIGNATURE, UNKNOWN } from "./signatures.ts";

const secret = (value: Json): JsonObject => ({
  [SIGNATURE]: SECRET,
  value,
});

const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), tie("value"), {
      maxKeys: 3,
    }) as fc.Arbitrary<Json>,
  ),
})).value;
const object = fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), json) as fc.Arbitrary<JsonObject>;

describe("unwrap", () => {
  it("takes envelopes off and remembers where secrets stood", () => {
    const { value, secrets } = unwrap({
      data: secret({ a: "1" }),
      spec: { list: [secret("x"), 2] },
    });
    expect(value).toEqual({ data: { a: "1" }, spec: { list: ["x", 2] } });
    expect(secrets).toEqual([["data"], ["spec", "list", 0]]);
  });

  it("leaves nulls out: to Pulumi they are not given, to apply they would be a claim", () => {
    expect(unwrap({ spec: { replicas: null, a: 1 } }).value).toEqual({ spec: { a: 1 } });
  });

  it("refuses assets by path", () => {
    const asset = { [SIGNATURE]: ASSET, text: "x" };
    expect(() => unwrap({ data: { file: asset } })).toThrow("data.file holds an asset");
  });

  it("turns an output without a value into an unknown", () => {
    const output = { [SIGNATURE]: OUTPUT, secret: true };
    const { value, secrets } = unwrap({ a: output });
    expect([value, secrets]).toEqual([{ a: UNKNOWN }, [["a"]]]);
  });
});

describe("wrap", () => {
  it("marks a list as a whole, because its items may have moved", () => {
    const wrapped = wrap({ spec: { list: ["x", "y"], plain: 1 } }, [["spec", "list", 1]]);
    expect(wrapped).toEqual({ spec: { list: secret(["x", "y"]), plain: 1 } });
  });

  it("does not nest envelopes and skips what is absent", () => {
    const wrapped = wrap({ data: { a: "1" } }, [["data", "a"], ["data"], ["stringData"]]);
    expect(wrapped).toEqual({ data: secret({ a: "1" }) });
  });

  it("is undone by unwrap", () => {
    fc.assert(
      fc.property(object, (value) => {
        const keys = Object.keys(value).map((key) => [key]);
        expect(unwrap(wrap(value, keys)).value).toEqual(value);
      }),
    );
  });
});

describe("paths", () => {
  it("are written and read in Pulumi's notation", () => {
    const path = ["metadata", "labels", "app.kubernetes.io/name", 0, "x-y"];
    expect(formatPath(path)).toBe('metadata.labels["app.kubernetes.io/name"][0]["x-y"]');
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.nat(99)), { minLength: 1 }), (any) => {
        fc.pre(any.every((key) => typeof key === "number" || !key.includes("\\")));
        expect(parsePath(formatPath(any))).toEqual(any);
      }),
    );
    expect(parsePath(".status.conditions[1].type")).toEqual(["status", "conditions", 1, "type"]);
    expect(() => parsePath("a..b")).toThrow("is not a property path");
  });
});

describe("values", () => {
  it("are equal to themselves and to nothing that differs", () => {
    fc.assert(fc.property(json, (value) => equal(value, structuredClone(value))));
    expect(equal({ a: 1 }, { a: 1, b: 2 })).toBe(false);
    expect(equal([1, 2], [2, 1])).toBe(false);
  });

  it("can be set and removed without touching the original", () => {
    const original = { a: { b: 1 } };
    expect(withValue(original, ["a", "c", 0], "x")).toEqual({ a: { b: 1, c: ["x"] } });
    expect(withValue(original, ["a", "b"], undefined)).toEqual({ a: {} });
    expect(original).toEqual({ a: { b: 1 } });
  });
});
