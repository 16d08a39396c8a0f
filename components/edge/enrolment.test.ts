import { execFileSync } from "node:child_process";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { bundleKeys, bundleText, parseEnrolled } from "./enrolment.ts";

describe("a bundle's keys", () => {
  it("are a pair: the public one is the private one times the base point", async () => {
    const { publicKey, privateKey } = bundleKeys("any");
    const { createPrivateKey, createPublicKey, diffieHellman } = await import("node:crypto");
    const raw = (key: string, prefix: string): Buffer =>
      Buffer.concat([Buffer.from(prefix, "hex"), Buffer.from(key, "base64")]);
    const mine = createPrivateKey({
      key: raw(privateKey, "302e020100300506032b656e04220420"),
      format: "der",
      type: "pkcs8",
    });
    const base = createPublicKey({
      key: raw(
        Buffer.concat([Buffer.from([9]), Buffer.alloc(31)]).toString("base64"),
        "302a300506032b656e032100",
      ),
      format: "der",
      type: "spki",
    });
    expect(diffieHellman({ privateKey: mine, publicKey: base }).toString("base64")).toBe(publicKey);
  });

  it("follow from the secret, in the form that wg prints", () => {
    fc.assert(
      fc.property(fc.string(), (secret) => {
        const bytes = Buffer.from(bundleKeys(secret).privateKey, "base64");
        expect(bytes).toHaveLength(32);
        expect([bytes.readUInt8(0) & 7, bytes.readUInt8(31) >> 6]).toEqual([0, 1]);
        expect(bundleKeys(secret)).toEqual(bundleKeys(secret));
      }),
    );
    expect(bundleKeys("a").publicKey).not.toBe(bundleKeys("b").publicKey);
  });
});

describe("a bundle", () => {
  const values = {
    ...{ NODE: "cabin", ARCH: "arm64", ISSUE: "1", HUB: "10.101.0.1", PORT: "7471" },
    ...{ EXPIRES: "1800000000", JOIN_CONF: "g", JOIN_KEY: "k", CONF: "c", ADMIN: "fogline" },
    ...{ AUTHORIZED_KEY: "ssh-ed25519 AAAA", LEAVE: "echo 'bye'" },
    ...{ RANGES: "", CGROUPS: "any" },
  };

  it("is one script that says what it is, for whom and until when", () => {
    const text = bundleText('echo "$NODE $ISSUE"; echo "$LEAVE"', values);
    expect(text.split("\n").slice(0, 2)).toEqual([
      "#!/bin/bash",
      "# Fogline join bundle for cabin: SECRET, good for one device, once, until 2027-01-15 08:00 UTC.",
    ]);
    expect(execFileSync("bash", { input: text, encoding: "utf8" })).toBe("cabin 1\necho 'bye'\n");
  });
});

describe("what the hub prints of a device", () => {
  const key = `${"A".repeat(43)}=`;

  it("holds its keys", () => {
    const hostKey = `ssh-ed25519 ${"A".repeat(68)}`;
    const said = `key ${key}\nhost-key ${hostKey}\narch arm64\nos Debian\n`;
    expect(parseEnrolled(said)).toEqual({ key, hostKey });
  });

  it.each([
    "",
    "key AAAA\nhost-key ssh-ed25519 AAAA",
    `key ${key}\nhost-key ssh-rsa AAAA`,
    `key ${key}\nhost-key ssh-ed25519 AAAA -oProxyCommand=x`,
  ])("is refused when it is %j", (text) => {
    expect(() => parseEnrolled(text)).toThrow("did not print the keys");
  });
});
