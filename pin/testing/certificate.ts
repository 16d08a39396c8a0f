/**
 * X.509 certificates of a test's own, with whatever an authority should not put into one, and the timestamp
 * of a log of certificates in them. Libraries that make certificates leave that timestamp out.
 */
import { createHash, sign, type KeyObject } from "node:crypto";

/** A pair of keys of elliptic curve P-256. */
export interface Keys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** A certificate to be made. */
export interface Request {
  readonly issuer: string;
  readonly authority: Keys;
  /** Default: none, as in Sigstore's certificates of signers. */
  readonly subject?: string;
  readonly key: KeyObject;
  readonly from: Date;
  readonly to: Date;
  readonly extensions: readonly Buffer[];
  /** Log of certificates whose timestamp is embedded. */
  readonly log?: Keys | undefined;
}

/** A certificate in DER (RFC 5280). */
export function certificate(request: Request): Buffer {
  const { authority, log } = request;
  const extensions = [...request.extensions];
  if (log !== undefined) {
    extensions.push(timestamp(signedPart(request, extensions), request, log));
  }
  const signed = signedPart(request, extensions);
  const signature = sign("sha256", signed, authority.privateKey);
  return sequence(signed, ECDSA_SHA256, element(0x03, Buffer.from([0]), signature));
}

/** An extension by its object identifier. */
export function extension(id: string, value: Buffer): Buffer {
  return sequence(oid(id), element(0x04, value));
}

/** Extensions of an authority's certificate: it may sign others. */
export function ofAuthority(): Buffer[] {
  return [
    extension("2.5.29.19", sequence(element(0x01, Buffer.from([0xff])))),
    // Bits keyCertSign and cRLSign.
    extension("2.5.29.15", element(0x03, Buffer.from([1, 0x06]))),
  ];
}

/** SHA-256 of a key, by which logs are known. */
export function idOf(key: KeyObject): Buffer {
  return createHash("sha256").update(spki(key)).digest();
}

/** A key in DER. */
export function spki(key: KeyObject): Buffer {
  return key.export({ format: "der", type: "spki" });
}

/** An object identifier (X.690, section 8.19). */
export function oid(id: string): Buffer {
  const [first = 0, second = 0, ...rest] = id.split(".").map(Number);
  const octets = [first * 40 + second, ...rest].flatMap((arc) => {
    const each = [arc & 0x7f];
    for (let more = Math.floor(arc / 128); more > 0; more = Math.floor(more / 128)) {
      each.unshift((more & 0x7f) | 0x80);
    }
    return each;
  });
  return element(0x06, Buffer.from(octets));
}

/** An element of DER with a tag. */
export function element(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

/** A sequence of DER. */
export function sequence(...contents: readonly Buffer[]): Buffer {
  return element(0x30, ...contents);
}

const ECDSA_SHA256 = sequence(oid("1.2.840.10045.4.3.2"));

function signedPart(request: Request, extensions: readonly Buffer[]): Buffer {
  const time = (at: Date): Buffer =>
    element(0x18, Buffer.from(at.toISOString().replaceAll(/[-:T]|\.\d+/g, "")));
  return sequence(
    element(0xa0, element(0x02, Buffer.from([2]))),
    element(0x02, Buffer.from([1])),
    ECDSA_SHA256,
    name(request.issuer),
    sequence(time(request.from), time(request.to)),
    request.subject === undefined ? sequence() : name(request.subject),
    spki(request.key),
    element(0xa3, sequence(...extensions)),
  );
}

function name(common: string): Buffer {
  return sequence(element(0x31, sequence(oid("2.5.4.3"), element(0x0c, Buffer.from(common)))));
}

/** Extension with one signed certificate timestamp (RFC 6962, sections 3.2 and 3.3) of `from`. */
function timestamp(signed: Buffer, { authority, from }: Request, log: Keys): Buffer {
  const at = Buffer.alloc(8);
  at.writeBigUInt64BE(BigInt(from.getTime()));
  const none = uint(0, 2);
  const issuer = idOf(authority.publicKey);
  // Version 1, certificate_timestamp, precert_entry.
  const claim = [uint(0, 1), uint(0, 1), at, uint(1, 2), issuer, uint(signed.length, 3), signed];
  const signature = sign("sha256", Buffer.concat([...claim, none]), log.privateKey);
  // Algorithms: SHA-256, ECDSA.
  const proof = [uint(4, 1), uint(3, 1), uint(signature.length, 2), signature];
  const entry = Buffer.concat([uint(0, 1), idOf(log.publicKey), at, none, ...proof]);
  const list = Buffer.concat([uint(entry.length, 2), entry]);
  return extension("1.3.6.1.4.1.11129.2.4.2", element(0x04, uint(list.length, 2), list));
}

/** A number of so many octets. */
function uint(value: number, octets: number): Buffer {
  const buffer = Buffer.alloc(octets);
  buffer.writeUIntBE(value, 0, octets);
  return buffer;
}
