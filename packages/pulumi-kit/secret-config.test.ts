import * as pulumi from "@pulumi/pulumi";
import { expect, it } from "vitest";

import { mockEngine } from "./mock.ts";
import { isSecretConfig } from "./secret-config.ts";

it("tells which keys were given encrypted, whose values are handed over readable", () => {
  mockEngine({ config: { "p:a": '{"inner":"x"}', "p:b": "y" }, secretKeys: ["p:a"] });
  expect([isSecretConfig("p:a"), isSecretConfig("p:b"), isSecretConfig("p:c")]).toEqual([
    true,
    false,
    false,
  ]);
  expect(new pulumi.Config("p").require("a")).toBe('{"inner":"x"}');
});
