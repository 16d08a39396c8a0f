/** As much of DER (X.690) as a certificate's extensions need, which Node's X509Certificate does not give. */

/** One element: its tag's first octet, and what it holds. */
export interface Element {
  readonly tag: number;
  readonly content: Buffer;
}

const OBJECT_ID = 0x06;
const OCTET_STRING = 0x04;
const UTF8_STRING = 0x0c;
/** Field `extensions [3]` of a certificate's signed part (RFC 5280, section 4.1). */
const EXTENSIONS = 0xa3;

/** The elements that stand one after another. @throws Error for what is cut short or not DER */
export function elements(bytes: Buffer): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = octet(bytes, at);
    const first = octet(bytes, at + 1);
    const octets = first < 0x80 ? 0 : first - 0x80;
    if (octets > 4) {
      throw new Error("a length of more than four octets");
    }
    const length = octets === 0 ? first : bytes.readUIntBE(at + 2, octets);
    const begin = at + 2 + octets;
    if (begin + length > bytes.length) {
      throw new Error("an element that is cut short");
    }
    found.push({ tag, content: bytes.subarray(begin, begin + length) });
    at = begin + length;
  }
  return found;
}

/**
 * What a certificate's extension holds; undefined where the certificate has none of that kind.
 *
 * @param certificate in DER
 * @param id object identifier, e.g. `1.3.6.1.4.1.57264.1.8`
 */
export function extension(certificate: Buffer, id: string): Buffer | undefined {
  const [outer] = elements(certificate);
  const [signed] = elements(outer?.content ?? Buffer.alloc(0));
  const field = elements(signed?.content ?? Buffer.alloc(0)).find(({ tag }) => tag === EXTENSIONS);
  const [list] = elements(field?.content ?? Buffer.alloc(0));
  const wanted = objectId(id);
  for (const { content } of elements(list?.content ?? Buffer.alloc(0))) {
    const parts = elements(content);
    if (parts[0]?.tag === OBJECT_ID && parts[0].content.equals(wanted)) {
      return parts.find(({ tag }) => tag === OCTET_STRING)?.content;
    }
  }
  return undefined;
}

/** The text of a UTF8String. @throws Error for another type */
export function utf8(bytes: Buffer): string {
  const [text] = elements(bytes);
  if (text?.tag !== UTF8_STRING) {
    throw new Error("no UTF8String");
  }
  return text.content.toString("utf8");
}

/** Octets of an object identifier (X.690, section 8.19). */
export function objectId(id: string): Buffer {
  const [first = 0, second = 0, ...rest] = id.split(".").map(Number);
  return Buffer.from(
    [first * 40 + second, ...rest].flatMap((arc) => {
      const octets = [arc & 0x7f];
      for (let more = Math.floor(arc / 128); more > 0; more = Math.floor(more / 128)) {
        octets.unshift((more & 0x7f) | 0x80);
      }
      return octets;
    }),
  );
}

function octet(bytes: Buffer, at: number): number {
  const value = bytes[at];
  if (value === undefined) {
    throw new Error("an element that is cut short");
  }
  return value;
}
