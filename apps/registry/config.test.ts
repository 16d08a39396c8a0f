import { describe, expect, it } from "vitest";
import { parse } from "yaml";

import { addressIn, CONFIG, mirrors } from "./config.ts";

describe("the registry's address", () => {
  it("is the same for every cluster of a range, and nodes know it before it answers", () => {
    expect(addressIn("10.43.0.0/16")).toBe("10.43.0.15");
    expect(mirrors("172.20.4.64/26")).toEqual({
      "images.fogline.internal": ["http://172.20.4.79:5000"],
    });
  });
});

describe("the registry's configuration", () => {
  it("lets the network read, and the pod's loopback alone write", () => {
    expect(parse(CONFIG["pull.yaml"])).toMatchObject({
      http: { addr: ":5000" },
      storage: { maintenance: { readonly: { enabled: true } } },
    });
    expect(parse(CONFIG["push.yaml"])).toMatchObject({
      http: { addr: "127.0.0.1:5001" },
      storage: { maintenance: { readonly: { enabled: false } } },
    });
  });
});
