import { X509Certificate } from "node:crypto";

import { describe, expect, it } from "vitest";

import { publicSigstore, ROOT } from "./sigstore-root.ts";
import { checkSignature } from "./sigstore.ts";
import { SIGNER, TestSigstore, type Flaws } from "./testing/signing.ts";

const content = Buffer.from(`${"a".repeat(64)}  pulumi.tar.gz\n`);
const sigstore = new TestSigstore();

describe("a file's signature by Sigstore", () => {
  it.each(["cosign", "sigstore"] as const)("is checked in a bundle of %s", (format) => {
    const bundle = sigstore.bundle(content, {}, format);
    expect(checkSignature(bundle, content, SIGNER, sigstore.root)).toEqual({
      identity: "https://github.com/pulumi/pulumi/.github/workflows/sign.yml@refs/heads/master",
      at: new Date("2026-09-01T10:01:00Z"),
    });
  });

  it.each<[string, Flaws, RegExp]>([
    ["of another content", { signs: Buffer.from("other") }, /signature of another content/],
    ["that the log has no entry of", { records: Buffer.from("other") }, /of another signature/],
    ["before its time", { at: new Date("2026-09-01T09:59:59Z") }, /certificate was not valid/],
    ["after its time", { at: new Date("2026-09-01T10:10:01Z") }, /certificate was not valid/],
    ["by another repository", { identity: "https://github.com/evil/pulumi/" }, /is by .*evil/],
    [
      "by a repository of a longer name",
      { identity: "https://github.com/pulumi/pulumi-fork/.github/workflows/sign.yml" },
      /not by https:\/\/github.com\/pulumi\/pulumi\/\.github/,
    ],
    ["with two names", { identity: `${SIGNER.identity}a, URI:b` }, /a signer of no name/],
    ["of another issuer", { issuer: "https://accounts.example.com" }, /vouches for its signer/],
    ["by a server's certificate", { usage: "1.3.6.1.5.5.7.3.1" }, /not one of Sigstore's/],
  ])("is refused: one %s", (_, flaws, message) => {
    const bundle = sigstore.bundle(content, flaws);
    expect(() => checkSignature(bundle, content, SIGNER, sigstore.root)).toThrow(message);
  });

  it("is refused when the file was changed", () => {
    const bundle = sigstore.bundle(content);
    const other = Buffer.from(content.toString().replace("a", "b"));
    expect(() => checkSignature(bundle, other, SIGNER, sigstore.root)).toThrow(/another content/);
  });

  it("is refused when another authority or another log stands behind it", () => {
    const other = new TestSigstore();
    const bundle = other.bundle(content);
    const check = (root: typeof other.root) => () => checkSignature(bundle, content, SIGNER, root);
    expect(check(sigstore.root)).toThrow(/not one of Sigstore's/);
    expect(check({ ...other.root, logs: sigstore.root.logs })).toThrow(/log that is not known/);
    const [id = ""] = Object.keys(other.root.logs);
    const [key] = Object.values(sigstore.root.logs);
    const logs = key === undefined ? {} : { [id]: key };
    expect(check({ ...other.root, logs })).toThrow(/not signed by the log/);
  });

  it.each(["", "MEUCIQ==", "{}", JSON.stringify({ mediaType: "x", verificationMaterial: {} })])(
    "is refused when there is no bundle but %j",
    (bundle) => {
      expect(() => checkSignature(bundle, content, SIGNER, sigstore.root)).toThrow(/no bundle/);
    },
  );
});

it("Sigstore's own certificates belong together, and the log's key to its id", async () => {
  const { authorities, logs } = publicSigstore();
  const root = new X509Certificate(Buffer.from(ROOT, "base64"));
  expect(root.verify(root.publicKey)).toBe(true);
  for (const authority of authorities) {
    expect(authority.checkIssued(root) && authority.verify(root.publicKey)).toBe(true);
  }
  for (const [id, key] of Object.entries(logs)) {
    const spki = new Uint8Array(key.export({ format: "der", type: "spki" }));
    const digest = await crypto.subtle.digest("SHA-256", spki);
    expect(Buffer.from(digest).toString("hex")).toBe(id);
  }
});
