/**
 * Whether a passphrase opens a stack's secrets: `encryptionsalt` of the stack file holds a text that it
 * decrypts. As Pulumi writes it (pkg/secrets/passphrase, "v1"): PBKDF2 with SHA-256 and a million rounds,
 * AES-256-GCM.
 */
import { createDecipheriv, pbkdf2Sync } from "node:crypto";

const ROUNDS = 1_000_000;
const KEY_BYTES = 32;
const TAG_BYTES = 16;
/** What the salt's text decrypts to. */
const KNOWN = "pulumi";

/** @param salt `v1:<salt>:v1:<nonce>:<text>`, each in base64 */
export function opens(passphrase: string, salt: string): boolean {
  const [version, seed = "", inner, nonce = "", text = ""] = salt.split(":");
  if (version !== "v1" || inner !== "v1") {
    return false;
  }
  const bytes = Buffer.from(text, "base64");
  const key = pbkdf2Sync(passphrase, Buffer.from(seed, "base64"), ROUNDS, KEY_BYTES, "sha256");
  const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
  try {
    const open = Buffer.concat([
      decipher.update(bytes.subarray(0, bytes.length - TAG_BYTES)),
      decipher.final(),
    ]);
    return open.toString() === KNOWN;
  } catch {
    // Another passphrase fails the tag; nothing else can.
    return false;
  }
}
