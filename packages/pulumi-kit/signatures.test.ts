import { runtime } from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";

import * as signatures from "./signatures.ts";

describe("the marks of property values", () => {
  it("are those of Pulumi's SDK", () => {
    expect(signatures).toMatchObject({
      SIGNATURE: runtime.specialSigKey,
      SECRET: runtime.specialSecretSig,
      OUTPUT: runtime.specialOutputValueSig,
      ASSET: runtime.specialAssetSig,
      ARCHIVE: runtime.specialArchiveSig,
      UNKNOWN: runtime.unknownValue,
    });
  });
});
