/** Public keys of SSH as text: one line of type and base64 (RFC 4253, section 6.6). Pure. */

/** A public key that is well-formed. */
export interface PublicKey {
  readonly type: string;
  /** The key in SSH's wire format. */
  readonly blob: Buffer;
  /** Length of an RSA key's modulus; undefined for other types. */
  readonly bits?: number;
}

const LINE = /^([a-z][\w@.-]*) ([A-Za-z0-9+/]+={0,2})(?:\s.*)?$/;
/** Bytes of a whole key, by type, where all keys of the type have the same length. */
const LENGTHS: Readonly<Record<string, number>> = {
  "ssh-ed25519": 51,
  "ecdsa-sha2-nistp256": 104,
  "ecdsa-sha2-nistp384": 136,
  "ecdsa-sha2-nistp521": 172,
};

/** Reads `type base64 comment`; undefined unless it is one whole key. */
export function readPublicKey(line: string): PublicKey | undefined {
  const [, type = "", text = ""] = LINE.exec(line.trim()) ?? [];
  const blob = Buffer.from(text, "base64");
  if (type === "" || blob.toString("base64").replace(/=+$/, "") !== text.replace(/=+$/, "")) {
    return undefined;
  }
  const fields = fieldsOf(blob);
  if (fields?.[0]?.toString() !== type || blob.length !== (LENGTHS[type] ?? blob.length)) {
    return undefined;
  }
  if (type !== "ssh-rsa") {
    return { type, blob };
  }
  const modulus = fields[2];
  return modulus === undefined || modulus.length === 0
    ? undefined
    : { type, blob, bits: bitsOf(modulus) };
}

/** The fields of a key; undefined where one is cut off. */
function fieldsOf(blob: Buffer): Buffer[] | undefined {
  const fields: Buffer[] = [];
  for (let at = 0; at < blob.length;) {
    const end = at + 4 > blob.length ? Infinity : at + 4 + blob.readUInt32BE(at);
    if (end > blob.length) {
      return undefined;
    }
    fields.push(blob.subarray(at + 4, end));
    at = end;
  }
  return fields;
}

/** Writes a key in SSH's wire format: its length in four bytes before each field. */
export function writeFields(fields: readonly (string | Buffer)[]): Buffer {
  return Buffer.concat(
    fields.flatMap((field) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(Buffer.byteLength(field));
      return [length, Buffer.from(field)];
    }),
  );
}

/** Bits of a number without its sign's leading zero byte. */
function bitsOf(number: Buffer): number {
  const start = number.findIndex((byte) => byte !== 0);
  return start < 0 ? 0 : (number.length - start) * 8 - Math.clz32(number[start] ?? 0) + 24;
}
