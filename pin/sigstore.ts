/**
 * Checks a file's signature by Sigstore, as `cosign verify-blob --bundle --offline` does: who signed it, by
 * a certificate that lived ten minutes and that a log of certificates holds, and that the transparency log
 * saw the signature within them.
 *
 * The Sigstore project's own library does it. Here is what it leaves to its callers: bundles of cosign 1 and
 * 2, which are turned into Sigstore's own format; who may sign; and what to say of a signature it refuses.
 */
import { createHash, X509Certificate } from "node:crypto";

import { bundleFromJSON } from "@sigstore/bundle";
import { HashAlgorithm, type TrustedRoot } from "@sigstore/protobuf-specs";
import {
  toSignedEntity,
  toTrustMaterial,
  VerificationError,
  Verifier,
  type SignedEntity,
  type TrustMaterial,
} from "@sigstore/verify";
import { z } from "zod";

import { publicSigstore } from "./sigstore-root.ts";

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

/** Who has signed, and when. */
export interface Signature {
  readonly identity: string;
  /** When the log, or an authority for timestamps, saw it. */
  readonly at: Date;
}

/** What a bundle holds. */
interface Parts {
  readonly certificate: X509Certificate;
  readonly entity: SignedEntity;
  /** Whether the SHA-256 that the bundle claims is the content's. */
  readonly isOfContent: boolean;
}

/** What `cosign sign-blob --bundle` wrote before cosign 3. */
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

const bytes = z.string().transform((text) => Buffer.from(text, "base64"));
/** The signer's certificate in what the log keeps of a signed file: of Rekor 1, in PEM, and of Rekor 2, in DER. */
const record = z.union([
  z
    .object({
      spec: z.object({ signature: z.object({ publicKey: z.object({ content: bytes }) }) }),
    })
    .transform(({ spec }) => spec.signature.publicKey.content),
  z
    .object({
      spec: z.object({
        hashedRekordV002: z.object({
          signature: z.object({
            verifier: z.object({ x509Certificate: z.object({ rawBytes: bytes }) }),
          }),
        }),
      }),
    })
    .transform(({ spec }) => spec.hashedRekordV002.signature.verifier.x509Certificate.rawBytes),
]);

/** Extended key usage of certificates for signing code (RFC 5280, section 4.2.1.12). */
const CODE_SIGNING = "1.3.6.1.5.5.7.3.3";

const FOREIGN = "its certificate is not one of Sigstore's for signing code";
const NO_BUNDLE = "it is no bundle of Sigstore's with a signed entry of its log";
const OTHER_CONTENT = "it is the signature of another content";
const OTHER_ENTRY = "its entry in the log is of another signature";

/**
 * Checks that a file was signed by whom it should have been.
 *
 * @param bundle text of the bundle
 * @param content of the signed file
 * @param root whom to trust; default: Sigstore's public instance
 * @throws SignatureError naming what is not right
 */
export function checkSignature(
  bundle: string,
  content: Buffer,
  signer: Signer,
  root: TrustedRoot = publicSigstore(),
): Signature {
  const parts = read(bundle, content);
  const { certificate, entity, isOfContent } = parts;
  // The library compares the log's entry with what the bundle claims, and not with the content.
  if (!isOfContent) {
    throw new SignatureError(OTHER_CONTENT);
  }
  const trusted = toTrustMaterial(root);
  let verified: ReturnType<Verifier["verify"]>;
  try {
    // Without a policy: its errors do not say in one sentence who has signed instead.
    verified = new Verifier(trusted, {
      ctlogThreshold: 1,
      tlogThreshold: 1,
      timestampThreshold: 1,
    }).verify(entity);
  } catch (error) {
    throw new SignatureError(reason(error, parts, trusted), { cause: error });
  }
  // The library looks at neither of these two either.
  // Node gives undefined for a certificate without the extension, which its types do not say.
  const usage = certificate.keyUsage as readonly string[] | undefined;
  if (usage?.includes(CODE_SIGNING) !== true) {
    throw new SignatureError(FOREIGN);
  }
  if (!entity.tlogEntries.every(({ canonicalizedBody }) => names(canonicalizedBody, certificate))) {
    throw new SignatureError(OTHER_ENTRY);
  }
  const { subjectAlternativeName: name, extensions } = verified.identity ?? {};
  return {
    identity: checkSigner(certificate, name, extensions?.issuer, signer),
    at: new Date(Math.min(...times(entity))),
  };
}

function read(text: string, content: Buffer): Parts {
  const digest = createHash("sha256").update(content).digest();
  try {
    const json: unknown = JSON.parse(text);
    const old = cosign.safeParse(json);
    const bundle = bundleFromJSON(old.success ? converted(old.data, digest) : json);
    if (bundle.content.$case !== "messageSignature") {
      throw new Error("a statement about files, and not the signature of one");
    }
    const { messageDigest: claimed } = bundle.content.messageSignature;
    const { content: material } = bundle.verificationMaterial;
    if (material.$case === "publicKey") {
      throw new Error("a signature by a key without a certificate");
    }
    const first =
      material.$case === "certificate"
        ? material.certificate
        : material.x509CertificateChain.certificates[0];
    return {
      certificate: new X509Certificate(first?.rawBytes ?? ""),
      entity: toSignedEntity(bundle, content),
      isOfContent: claimed.algorithm === HashAlgorithm.SHA2_256 && claimed.digest.equals(digest),
    };
  } catch (error) {
    throw new SignatureError(NO_BUNDLE, { cause: error });
  }
}

/** A bundle of cosign 1 or 2 as one of Sigstore's, version 0.1: that of a log's promise without a proof. */
function converted(
  { base64Signature, cert, rekorBundle }: z.infer<typeof cosign>,
  digest: Buffer,
): unknown {
  const { body, integratedTime, logIndex, logID } = rekorBundle.Payload;
  const certificate = new X509Certificate(Buffer.from(cert, "base64"));
  return {
    mediaType: "application/vnd.dev.sigstore.bundle+json;version=0.1",
    verificationMaterial: {
      x509CertificateChain: { certificates: [{ rawBytes: certificate.raw.toString("base64") }] },
      tlogEntries: [
        {
          logIndex: String(logIndex),
          logId: { keyId: Buffer.from(logID, "hex").toString("base64") },
          kindVersion: { kind: "hashedrekord", version: "0.0.1" },
          integratedTime: String(integratedTime),
          inclusionPromise: { signedEntryTimestamp: rekorBundle.SignedEntryTimestamp },
          canonicalizedBody: body,
        },
      ],
    },
    messageSignature: {
      messageDigest: { algorithm: "SHA2_256", digest: digest.toString("base64") },
      signature: base64Signature,
    },
  };
}

/** Why the library refuses a signature, in one sentence; its error says where it was seen. */
function reason(error: unknown, { certificate, entity }: Parts, trusted: TrustMaterial): string {
  if (!(error instanceof VerificationError)) {
    // An entry of the log that is not what its kind says.
    return NO_BUNDLE;
  }
  switch (error.code) {
    case "CERTIFICATE_ERROR": {
      if (/\bSCTs?\b/.test(error.message)) {
        return "its certificate is in no log of certificates that is known here";
      }
      const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
      return times(entity).every((at) => from <= at && at <= to)
        ? FOREIGN
        : "the log saw it when its certificate was not valid";
    }
    case "TLOG_INCLUSION_PROMISE_ERROR":
    case "TLOG_INCLUSION_PROOF_ERROR":
      return entity.tlogEntries.every(({ logId }) =>
        trusted.tlogs.some(({ logID }) => logID.equals(logId.keyId)),
      )
        ? "its entry is not signed by the log"
        : "it is in a log that is not known here";
    case "TLOG_BODY_ERROR":
    case "SIGNATURE_ERROR":
      return entity.signature.verifySignature(certificate.publicKey) ? OTHER_ENTRY : OTHER_CONTENT;
    case "TLOG_ERROR":
    case "TLOG_MISSING_INCLUSION_ERROR":
    case "TIMESTAMP_ERROR":
      return NO_BUNDLE;
    default:
      return `Sigstore's library refuses it (${error.message})`;
  }
}

/**
 * When the log, or an authority for timestamps, saw a signature: milliseconds since 1970. The time of an entry
 * whose promise the log has not signed counts as little as it does for the library.
 */
function times({ timestamps }: SignedEntity): number[] {
  return timestamps.flatMap((each) => {
    if (each.$case === "timestamp-authority") {
      return [each.timestamp.signingTime.getTime()];
    }
    const { inclusionPromise, integratedTime } = each.tlogEntry;
    return inclusionPromise === undefined ? [] : [Number(integratedTime) * 1000];
  });
}

/** Whether an entry of the log is by this very certificate. */
function names(body: Buffer, certificate: X509Certificate): boolean {
  try {
    const found = new X509Certificate(record.parse(JSON.parse(body.toString("utf8"))));
    return found.raw.equals(certificate.raw);
  } catch {
    // By a key without a certificate, which is another signer's.
    return false;
  }
}

function checkSigner(
  certificate: X509Certificate,
  name: string | undefined,
  vouches: string | undefined,
  { identity, issuer }: Signer,
): string {
  if (vouches !== issuer) {
    throw new SignatureError(`${vouches ?? "nobody"} vouches for its signer, and not ${issuer}`);
  }
  // The library gives the first of several names; Node gives all, and quotes one that looks like several.
  const all = certificate.subjectAltName;
  if (name === undefined || (all !== `URI:${name}` && all !== `email:${name}`)) {
    throw new SignatureError(`it is by a signer of no name, and not by ${identity}…`);
  }
  if (!name.startsWith(identity)) {
    throw new SignatureError(`it is by ${name}, and not by ${identity}…`);
  }
  return name;
}
