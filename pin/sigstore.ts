/**
 * Checks a file's signature by Sigstore, as `cosign verify-blob --bundle` does without asking anybody: who
 * signed it, by a certificate that lived ten minutes, and that the transparency log saw the signature within
 * them. Bundles of cosign 1 and 2 and those of Sigstore's own format are read, as long as they hold the
 * log's signed entry timestamp; the certificate's own log (its SCT) is not looked at.
 */
import { createHash, verify, X509Certificate } from "node:crypto";

import { z } from "zod";

import { extension, utf8 } from "./der.ts";
import { publicSigstore, type SigstoreRoot } from "./sigstore-root.ts";

/** Thrown for a signature that does not prove what it should. */
export class SignatureError extends Error {
  override readonly name = "SignatureError";
}

/** Who may have signed. */
export interface Signer {
  /** Begin of the signer's name, e.g. `https://github.com/pulumi/pulumi/.github/workflows/`. */
  readonly identity: string;
  /** Who vouches for the signer, e.g. `https://token.actions.githubusercontent.com`. */
  readonly issuer: string;
}

/** Who has signed, and when the log saw it. */
export interface Signature {
  readonly identity: string;
  readonly at: Date;
}

/** A bundle in whichever format. */
interface Parts {
  readonly certificate: X509Certificate;
  readonly signature: Buffer;
  readonly entry: {
    /** Base64, as the log signed it. */
    readonly body: string;
    /** Seconds since 1970. */
    readonly integratedTime: number;
    readonly logIndex: number;
    /** Hex. */
    readonly logID: string;
  };
  readonly timestamp: Buffer;
}

const cosign = z.object({
  base64Signature: z.string(),
  cert: z.string(),
  rekorBundle: z.object({
    SignedEntryTimestamp: z.string(),
    Payload: z.object({
      body: z.string(),
      integratedTime: z.number(),
      logIndex: z.number(),
      logID: z.string(),
    }),
  }),
});

const raw = z.object({ rawBytes: z.string() });
const sigstore = z.object({
  verificationMaterial: z.union([
    z.object({ certificate: raw, tlogEntries: z.unknown() }),
    z.object({
      x509CertificateChain: z.object({ certificates: z.array(raw).min(1) }),
      tlogEntries: z.unknown(),
    }),
  ]),
  messageSignature: z.object({ signature: z.string() }),
});
const entries = z
  .array(
    z.object({
      canonicalizedBody: z.string(),
      integratedTime: z.coerce.number(),
      logIndex: z.coerce.number(),
      logId: z.object({ keyId: z.string() }),
      inclusionPromise: z.object({ signedEntryTimestamp: z.string() }),
    }),
  )
  .min(1);

/** What the log keeps of a signed file. */
const record = z.object({
  kind: z.literal("hashedrekord"),
  spec: z.object({
    data: z.object({ hash: z.object({ algorithm: z.literal("sha256"), value: z.string() }) }),
    signature: z.object({ content: z.string(), publicKey: z.object({ content: z.string() }) }),
  }),
});

/** Extended key usage of certificates for signing code (RFC 5280, section 4.2.1.12). */
const CODE_SIGNING = "1.3.6.1.5.5.7.3.3";
/** Fulcio's extension that names the issuer. */
const ISSUER = "1.3.6.1.4.1.57264.1.8";

/**
 * Checks that a file was signed by whom it should have been.
 *
 * @param bundle text of the bundle
 * @param content of the signed file
 * @throws SignatureError naming what is not right
 */
export function checkSignature(
  bundle: string,
  content: Buffer,
  signer: Signer,
  root: SigstoreRoot = publicSigstore(),
): Signature {
  const parts = read(bundle);
  const { certificate, signature } = parts;
  const isIssued = root.authorities.some(
    (authority) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey),
  );
  if (!isIssued || !certificate.keyUsage.includes(CODE_SIGNING)) {
    throw new SignatureError("its certificate is not one of Sigstore's for signing code");
  }
  if (!verify("sha256", content, certificate.publicKey, signature)) {
    throw new SignatureError("it is the signature of another content");
  }
  const at = checkLog(parts, content, root);
  return { identity: checkSigner(certificate, signer), at };
}

function read(bundle: string): Parts {
  try {
    const json: unknown = JSON.parse(bundle);
    const old = cosign.safeParse(json);
    if (old.success) {
      const { base64Signature, cert, rekorBundle } = old.data;
      return {
        certificate: new X509Certificate(Buffer.from(cert, "base64")),
        signature: Buffer.from(base64Signature, "base64"),
        entry: rekorBundle.Payload,
        timestamp: Buffer.from(rekorBundle.SignedEntryTimestamp, "base64"),
      };
    }
    const { verificationMaterial: material, messageSignature } = sigstore.parse(json);
    const [first] =
      "certificate" in material
        ? [material.certificate]
        : material.x509CertificateChain.certificates;
    const [entry] = entries.parse(material.tlogEntries);
    return {
      certificate: new X509Certificate(Buffer.from(first?.rawBytes ?? "", "base64")),
      signature: Buffer.from(messageSignature.signature, "base64"),
      entry: {
        body: entry?.canonicalizedBody ?? "",
        integratedTime: entry?.integratedTime ?? NaN,
        logIndex: entry?.logIndex ?? NaN,
        logID: Buffer.from(entry?.logId.keyId ?? "", "base64").toString("hex"),
      },
      timestamp: Buffer.from(entry?.inclusionPromise.signedEntryTimestamp ?? "", "base64"),
    };
  } catch (error) {
    throw new SignatureError("it is no bundle of Sigstore's with a signed entry of its log", {
      cause: error,
    });
  }
}

/** The log's entry is signed, is one of this very signature, and was made while the certificate was valid. */
function checkLog(parts: Parts, content: Buffer, root: SigstoreRoot): Date {
  const { body, integratedTime, logIndex, logID } = parts.entry;
  const key = root.logs[logID];
  if (key === undefined) {
    throw new SignatureError("it is in a log that is not known here");
  }
  // Canonical JSON (RFC 8785): keys in order, no spaces.
  const signed = JSON.stringify({ body, integratedTime, logID, logIndex });
  if (!verify("sha256", Buffer.from(signed), key, parts.timestamp)) {
    throw new SignatureError("its entry is not signed by the log");
  }
  if (!isOf(body, parts, content)) {
    throw new SignatureError("its entry in the log is of another signature");
  }
  const at = new Date(integratedTime * 1000);
  const { validFrom, validTo } = parts.certificate;
  if (at < new Date(validFrom) || at > new Date(validTo)) {
    throw new SignatureError("the log saw it when its certificate was not valid");
  }
  return at;
}

function isOf(body: string, { certificate, signature }: Parts, content: Buffer): boolean {
  let entry: z.infer<typeof record>;
  let other: X509Certificate;
  try {
    entry = record.parse(JSON.parse(Buffer.from(body, "base64").toString("utf8")));
    other = new X509Certificate(Buffer.from(entry.spec.signature.publicKey.content, "base64"));
  } catch {
    // Another kind of entry, which is one of another signature.
    return false;
  }
  return (
    entry.spec.data.hash.value === createHash("sha256").update(content).digest("hex") &&
    Buffer.from(entry.spec.signature.content, "base64").equals(signature) &&
    other.raw.equals(certificate.raw)
  );
}

function checkSigner(certificate: X509Certificate, { identity, issuer }: Signer): string {
  const found = extension(certificate.raw, ISSUER);
  const vouches = found === undefined ? "nobody" : utf8(found);
  if (vouches !== issuer) {
    throw new SignatureError(`${vouches} vouches for its signer, and not ${issuer}`);
  }
  // One name; Node quotes one that could be read as several.
  const name = /^(?:URI|email):([^",\s]+)$/.exec(certificate.subjectAltName ?? "")?.[1] ?? "";
  if (!name.startsWith(identity)) {
    throw new SignatureError(`it is by ${name || "a signer of no name"}, and not by ${identity}…`);
  }
  return name;
}
