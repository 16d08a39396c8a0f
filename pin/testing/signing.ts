/** A small Sigstore of a test's own: an authority, a log, and bundles as cosign writes them. */
import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  sign,
  X509Certificate,
  type KeyObject,
} from "node:crypto";

import { objectId } from "../der.ts";
import type { SigstoreRoot } from "../sigstore-root.ts";
import type { Signer } from "../sigstore.ts";

/** What a bundle says otherwise than a good one. */
export interface Flaws {
  /** Signed in the place of the content. */
  readonly signs?: Buffer;
  /** In the log's entry in the place of the content. */
  readonly records?: Buffer;
  /** When the log saw it. */
  readonly at?: Date;
  readonly identity?: string;
  readonly issuer?: string;
  /** Extended key usage of the certificate. */
  readonly usage?: string;
}

/** A signer of the tests. */
export const SIGNER: Signer = {
  identity: "https://github.com/pulumi/pulumi/.github/workflows/",
  issuer: "https://token.actions.githubusercontent.com",
};

const NAME = "https://github.com/pulumi/pulumi/.github/workflows/sign.yml@refs/heads/master";
const FROM = new Date("2026-09-01T10:00:00Z");
const TO = new Date("2026-09-01T10:10:00Z");
/** Within the certificates' ten minutes. */
const SIGNED = new Date("2026-09-01T10:01:00Z");

interface Keys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** An authority and a log that nobody else trusts. */
export class TestSigstore {
  readonly #authority = keys();
  readonly #log = keys();
  readonly root: SigstoreRoot = {
    authorities: [new X509Certificate(certificate(this.#authority, this.#authority.publicKey, []))],
    logs: { [idOf(this.#log.publicKey)]: this.#log.publicKey },
  };

  /** A bundle over a content, of cosign's own format or of Sigstore's. */
  bundle(content: Buffer, flaws: Flaws = {}, format: "cosign" | "sigstore" = "cosign"): string {
    const signer = keys();
    const der = certificate(this.#authority, signer.publicKey, [
      extensionOf("2.5.29.37", sequence(oid(flaws.usage ?? "1.3.6.1.5.5.7.3.3"))),
      extensionOf("2.5.29.17", sequence(element(0x86, text(flaws.identity ?? NAME)))),
      extensionOf("1.3.6.1.4.1.57264.1.8", element(0x0c, text(flaws.issuer ?? SIGNER.issuer))),
    ]);
    const pem = Buffer.from(new X509Certificate(der).toString());
    const signature = sign("sha256", flaws.signs ?? content, signer.privateKey);
    const hash = createHash("sha256").update(flaws.records ?? content);
    const body = base64(
      JSON.stringify({
        apiVersion: "0.0.1",
        kind: "hashedrekord",
        spec: {
          data: { hash: { algorithm: "sha256", value: hash.digest("hex") } },
          signature: { content: base64(signature), publicKey: { content: base64(pem) } },
        },
      }),
    );
    const integratedTime = Math.floor((flaws.at ?? SIGNED).getTime() / 1000);
    const [logID, logIndex] = [idOf(this.#log.publicKey), 1234];
    const entry = { body, integratedTime, logID, logIndex };
    const timestamp = sign("sha256", Buffer.from(JSON.stringify(entry)), this.#log.privateKey);
    return JSON.stringify(
      format === "cosign"
        ? {
            base64Signature: base64(signature),
            cert: base64(pem),
            rekorBundle: { SignedEntryTimestamp: base64(timestamp), Payload: entry },
          }
        : {
            mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
            verificationMaterial: {
              certificate: { rawBytes: base64(der) },
              tlogEntries: [
                {
                  logIndex: String(logIndex),
                  logId: { keyId: Buffer.from(logID, "hex").toString("base64") },
                  integratedTime: String(integratedTime),
                  inclusionPromise: { signedEntryTimestamp: base64(timestamp) },
                  canonicalizedBody: body,
                },
              ],
            },
            messageSignature: { signature: base64(signature) },
          },
    );
  }
}

function keys(): Keys {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

function idOf(key: KeyObject): string {
  const spki = createPublicKey(key.export({ format: "pem", type: "spki" }));
  return createHash("sha256")
    .update(spki.export({ format: "der", type: "spki" }))
    .digest("hex");
}

/** An X.509 certificate (RFC 5280) that the authority signs. */
function certificate(authority: Keys, subject: KeyObject, extensions: readonly Buffer[]): Buffer {
  const algorithm = sequence(oid("1.2.840.10045.4.3.2"));
  const name = sequence(element(0x31, sequence(oid("2.5.4.3"), element(0x0c, text("test")))));
  const time = (at: Date): Buffer =>
    element(0x18, text(at.toISOString().replaceAll(/[-:T]|\.\d+/g, "")));
  const signed = sequence(
    element(0xa0, element(0x02, Buffer.from([2]))),
    element(0x02, Buffer.from([1])),
    algorithm,
    name,
    sequence(time(FROM), time(TO)),
    name,
    subject.export({ format: "der", type: "spki" }),
    element(0xa3, sequence(...extensions)),
  );
  const signature = sign("sha256", signed, authority.privateKey);
  return sequence(signed, algorithm, element(0x03, Buffer.from([0]), signature));
}

function extensionOf(id: string, value: Buffer): Buffer {
  return sequence(oid(id), element(0x04, value));
}

function oid(id: string): Buffer {
  return element(0x06, objectId(id));
}

function element(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...contents: readonly Buffer[]): Buffer {
  return element(0x30, ...contents);
}

function text(value: string): Buffer {
  return Buffer.from(value);
}

function base64(value: Buffer | string): string {
  return Buffer.from(value).toString("base64");
}
