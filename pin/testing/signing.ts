/** A small Sigstore of a test's own: an authority, its logs, and bundles as cosign writes them. */
import { createHash, generateKeyPairSync, sign, X509Certificate } from "node:crypto";

import { TrustedRoot } from "@sigstore/protobuf-specs";

import type { Signer } from "../sigstore.ts";
import {
  certificate,
  element,
  extension,
  idOf,
  oid,
  ofAuthority,
  sequence,
  spki,
  type Keys,
} from "./certificate.ts";

/** What a bundle says otherwise than a good one. */
export interface Flaws {
  /** Signed in the place of the content. */
  readonly signs?: Buffer;
  /** Claimed by the bundle of Sigstore's format in the place of the content. */
  readonly claims?: Buffer;
  /** In the log's entry in the place of the content. */
  readonly records?: Buffer;
  /** The log's entry names another certificate of the same signer. */
  readonly recordsOther?: boolean;
  /** When the log saw it. */
  readonly at?: Date;
  readonly identity?: string;
  /** A second name of the signer. */
  readonly alias?: string;
  readonly issuer?: string;
  /** Extended key usage of the certificate; empty for none. */
  readonly usage?: string;
  /** The certificate is in no log of certificates. */
  readonly unlogged?: boolean;
}

/** `cosign`: of cosign 1 and 2; `sigstore`: of cosign 3, version 0.3, where the log proves the entry, too. */
export type Format = "cosign" | "sigstore";

/** A signer of the tests. */
export const SIGNER: Signer = {
  identity: "https://github.com/pulumi/pulumi/.github/workflows/",
  issuer: "https://token.actions.githubusercontent.com",
};

const NAME = "https://github.com/pulumi/pulumi/.github/workflows/sign.yml@refs/heads/master";
const AUTHORITY = "sigstore.test";
const LOG = "rekor.test";
const [SINCE, UNTIL] = [new Date("2026-01-01T00:00:00Z"), new Date("2036-01-01T00:00:00Z")];
const [FROM, TO] = [new Date("2026-09-01T10:00:00Z"), new Date("2026-09-01T10:10:00Z")];
/** Within the certificates' ten minutes. */
const SIGNED = new Date("2026-09-01T10:01:00Z");
const INDEX = 1234;

/** An authority and logs that nobody else trusts. */
export class TestSigstore {
  readonly #authority = keys();
  readonly #log = keys();
  readonly #certificates = keys();
  readonly root = TrustedRoot.fromJSON({
    mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    tlogs: [logOf(this.#log, LOG)],
    certificateAuthorities: [
      {
        subject: { organization: AUTHORITY, commonName: AUTHORITY },
        uri: `https://${AUTHORITY}`,
        certChain: { certificates: [{ rawBytes: base64(this.#own()) }] },
        validFor: { start: SINCE.toISOString() },
      },
    ],
    ctlogs: [logOf(this.#certificates, "ctfe.test")],
    timestampAuthorities: [],
  });

  /** A bundle over a content. */
  bundle(content: Buffer, flaws: Flaws = {}, format: Format = "cosign"): string {
    const signer = keys();
    const der = this.#certificate(signer, flaws);
    const pem = base64(new X509Certificate(der).toString());
    const signature = sign("sha256", flaws.signs ?? content, signer.privateKey);
    const other = flaws.recordsOther === true ? this.#certificate(keys(), flaws) : der;
    const body = base64(
      JSON.stringify({
        apiVersion: "0.0.1",
        kind: "hashedrekord",
        spec: {
          data: { hash: { algorithm: "sha256", value: sha256(flaws.records ?? content, "hex") } },
          signature: {
            content: base64(signature),
            publicKey: { content: base64(new X509Certificate(other).toString()) },
          },
        },
      }),
    );
    const integratedTime = Math.floor((flaws.at ?? SIGNED).getTime() / 1000);
    const id = idOf(this.#log.publicKey);
    const entry = { body, integratedTime, logID: id.toString("hex"), logIndex: INDEX };
    // Canonical JSON (RFC 8785): keys in order, no spaces.
    const timestamp = sign("sha256", Buffer.from(JSON.stringify(entry)), this.#log.privateKey);
    return JSON.stringify(
      format === "cosign"
        ? {
            base64Signature: base64(signature),
            cert: pem,
            rekorBundle: { SignedEntryTimestamp: base64(timestamp), Payload: entry },
          }
        : {
            mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
            verificationMaterial: {
              certificate: { rawBytes: base64(der) },
              tlogEntries: [
                {
                  logIndex: String(INDEX),
                  logId: { keyId: base64(id) },
                  kindVersion: { kind: "hashedrekord", version: "0.0.1" },
                  integratedTime: String(integratedTime),
                  inclusionPromise: { signedEntryTimestamp: base64(timestamp) },
                  inclusionProof: this.#proof(Buffer.from(body, "base64")),
                  canonicalizedBody: body,
                },
              ],
            },
            messageSignature: {
              messageDigest: {
                algorithm: "SHA2_256",
                digest: sha256(flaws.claims ?? content, "base64"),
              },
              signature: base64(signature),
            },
          },
    );
  }

  /** The authority's own certificate, which it signs itself. */
  #own(): Buffer {
    return certificate({
      issuer: AUTHORITY,
      authority: this.#authority,
      subject: AUTHORITY,
      key: this.#authority.publicKey,
      from: SINCE,
      to: UNTIL,
      extensions: ofAuthority(),
    });
  }

  #certificate(signer: Keys, flaws: Flaws): Buffer {
    const usage = flaws.usage ?? "1.3.6.1.5.5.7.3.3";
    const names = [flaws.identity ?? NAME, ...(flaws.alias === undefined ? [] : [flaws.alias])];
    return certificate({
      issuer: AUTHORITY,
      authority: this.#authority,
      key: signer.publicKey,
      from: FROM,
      to: TO,
      extensions: [
        ...(usage === "" ? [] : [extension("2.5.29.37", sequence(oid(usage)))]),
        extension("2.5.29.17", sequence(...names.map((each) => element(0x86, Buffer.from(each))))),
        extension(
          "1.3.6.1.4.1.57264.1.8",
          element(0x0c, Buffer.from(flaws.issuer ?? SIGNER.issuer)),
        ),
      ],
      log: flaws.unlogged === true ? undefined : this.#certificates,
    });
  }

  /** That an entry is in a log of this one alone (RFC 6962, section 2.1), which the log signs. */
  #proof(body: Buffer): unknown {
    const root = sha256(Buffer.concat([Buffer.from([0]), body]), "base64");
    const note = `${LOG}\n1\n${root}\n`;
    const signature = sign("sha256", Buffer.from(note), this.#log.privateKey);
    const hint = idOf(this.#log.publicKey).subarray(0, 4);
    const envelope = `${note}\n\u2014 ${LOG} ${base64(Buffer.concat([hint, signature]))}\n`;
    return { logIndex: "0", rootHash: root, treeSize: "1", hashes: [], checkpoint: { envelope } };
  }
}

/** A log as a trusted root describes it. */
function logOf({ publicKey }: Keys, host: string): unknown {
  return {
    baseUrl: `https://${host}`,
    hashAlgorithm: "SHA2_256",
    publicKey: {
      rawBytes: base64(spki(publicKey)),
      keyDetails: "PKIX_ECDSA_P256_SHA_256",
      validFor: { start: SINCE.toISOString() },
    },
    logId: { keyId: base64(idOf(publicKey)) },
  };
}

function keys(): Keys {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

function sha256(value: Buffer, encoding: "hex" | "base64"): string {
  return createHash("sha256").update(value).digest(encoding);
}

function base64(value: Buffer | string): string {
  return Buffer.from(value).toString("base64");
}
