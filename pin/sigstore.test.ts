import { createHash, X509Certificate } from "node:crypto";

import { describe, expect, it } from "vitest";
import { z } from "zod";

import { publicSigstore } from "./sigstore-root.ts";
import { checkSignature } from "./sigstore.ts";
import { SIGNER, TestSigstore, type Flaws } from "./testing/signing.ts";

const content = Buffer.from(`${"a".repeat(64)}  pulumi.tar.gz\n`);
const sigstore = new TestSigstore();
/** As much of a bundle as is put together anew. */
const SIGNED_BUNDLE = z.looseObject({
  verificationMaterial: z.looseObject({
    tlogEntries: z.array(z.looseObject({ inclusionProof: z.unknown() })),
  }),
});
const FORMATS = ["cosign", "sigstore"] as const;

describe("a file's signature by Sigstore", () => {
  it.each(FORMATS)("is checked in a bundle of %s", (format) => {
    const bundle = sigstore.bundle(content, {}, format);
    expect(checkSignature(bundle, content, SIGNER, sigstore.root)).toEqual({
      identity: "https://github.com/pulumi/pulumi/.github/workflows/sign.yml@refs/heads/master",
      at: new Date("2026-09-01T10:01:00Z"),
    });
  });

  it.each<[string, Flaws, RegExp]>([
    ["of another content", { signs: Buffer.from("other") }, /signature of another content/],
    ["that the log has no entry of", { records: Buffer.from("other") }, /of another signature/],
    ["that the log has of another certificate", { recordsOther: true }, /of another signature/],
    ["before its time", { at: new Date("2026-09-01T09:59:59Z") }, /certificate was not valid/],
    ["after its time", { at: new Date("2026-09-01T10:10:01Z") }, /certificate was not valid/],
    ["by another repository", { identity: "https://github.com/evil/pulumi/" }, /is by .*evil/],
    [
      "by a repository of a longer name",
      { identity: "https://github.com/pulumi/pulumi-fork/.github/workflows/sign.yml" },
      /not by https:\/\/github.com\/pulumi\/pulumi\/\.github/,
    ],
    ["with two names", { identity: `${SIGNER.identity}a, URI:b` }, /a signer of no name/],
    ["with a second name", { alias: "https://evil.test/" }, /a signer of no name/],
    ["of another issuer", { issuer: "https://accounts.example.com" }, /vouches for its signer/],
    ["by a server's certificate", { usage: "1.3.6.1.5.5.7.3.1" }, /not one of Sigstore's/],
    ["by a certificate for nothing", { usage: "" }, /not one of Sigstore's/],
    ["by a certificate in no log", { unlogged: true }, /in no log of certificates/],
  ])("is refused: one %s", (_, flaws, message) => {
    for (const format of FORMATS) {
      const bundle = sigstore.bundle(content, flaws, format);
      expect(() => checkSignature(bundle, content, SIGNER, sigstore.root)).toThrow(message);
    }
  });

  it.each(FORMATS)("is refused when the file was changed, in a bundle of %s", (format) => {
    const bundle = sigstore.bundle(content, {}, format);
    const other = Buffer.from(content.toString().replace("a", "b"));
    expect(() => checkSignature(bundle, other, SIGNER, sigstore.root)).toThrow(/another content/);
  });

  it("is refused when it claims to be of a content that it is not of", () => {
    const other = Buffer.from("other");
    const bundle = sigstore.bundle(content, { claims: other, records: other }, "sigstore");
    expect(() => checkSignature(bundle, content, SIGNER, sigstore.root)).toThrow(/another content/);
  });

  it("is refused when another authority or another log stands behind it", () => {
    const other = new TestSigstore();
    const bundle = other.bundle(content);
    const check = (root: typeof other.root) => () => checkSignature(bundle, content, SIGNER, root);
    expect(check(sigstore.root)).toThrow(/not one of Sigstore's/);
    expect(check({ ...other.root, tlogs: sigstore.root.tlogs })).toThrow(/log that is not known/);
    expect(check({ ...other.root, ctlogs: sigstore.root.ctlogs })).toThrow(/log of certificates/);
    // A log of the same id with another key.
    const [log] = sigstore.root.tlogs;
    const tlogs = other.root.tlogs.map((each) => ({ ...each, publicKey: log?.publicKey }));
    expect(check({ ...other.root, tlogs })).toThrow(/not signed by the log/);
  });

  it("is refused when the log's proof is of another entry, though it promised this one", () => {
    const [bundle, other] = [content, Buffer.from("other")].map((each) =>
      SIGNED_BUNDLE.parse(JSON.parse(sigstore.bundle(each, {}, "sigstore"))),
    );
    const [entry] = bundle?.verificationMaterial.tlogEntries ?? [];
    Object.assign(entry ?? {}, {
      inclusionProof: other?.verificationMaterial.tlogEntries[0]?.inclusionProof,
    });
    const check = (): unknown =>
      checkSignature(JSON.stringify(bundle), content, SIGNER, sigstore.root);
    expect(check).toThrow(/not signed by the log/);
  });

  it.each(["", "MEUCIQ==", "{}", JSON.stringify({ mediaType: "x", verificationMaterial: {} })])(
    "is refused when there is no bundle but %j",
    (bundle) => {
      expect(() => checkSignature(bundle, content, SIGNER, sigstore.root)).toThrow(/no bundle/);
    },
  );
});

describe("Sigstore's public instance", () => {
  const root = publicSigstore();

  it("has certificates that belong together", () => {
    const chains = root.certificateAuthorities.map(({ certChain }) =>
      (certChain?.certificates ?? []).map(({ rawBytes }) => new X509Certificate(rawBytes)),
    );
    expect(chains.map(({ length }) => length)).toEqual([1, 2]);
    for (const chain of chains) {
      for (const [at, each] of chain.entries()) {
        const issuer = chain[at + 1] ?? each;
        expect(each.checkIssued(issuer) && each.verify(issuer.publicKey)).toBe(true);
      }
    }
  });

  it("has logs whose ids are of their keys", () => {
    // Logs of Rekor 2 are known by their name and key (c2sp.org/signed-note).
    const logs = [...root.tlogs, ...root.ctlogs].filter(
      ({ baseUrl }) => !/log20\d\d/.test(baseUrl),
    );
    expect(logs).toHaveLength(3);
    for (const { logId, publicKey } of logs) {
      const digest = createHash("sha256").update(publicKey?.rawBytes ?? "");
      expect(logId?.keyId.toString("hex")).toBe(digest.digest("hex"));
    }
  });
});
