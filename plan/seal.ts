/**
 * Seals: what stands for a secret value. Two seals made with one key are equal when their values
 * are, so a changed secret shows as changed; the value itself never leaves the program's process.
 */
import { createHmac } from "node:crypto";

const SEAL = /\[secret:[0-9a-f]{16}\]/g;

/** The seal of a value. */
export function seal(value: unknown, key: string): string {
  const mark = createHmac("sha256", key).update(JSON.stringify(value)).digest("hex");
  return `[secret:${mark.slice(0, 16)}]`;
}

/** Whether a value is a seal. */
export function isSealed(value: unknown): boolean {
  return typeof value === "string" && value.replace(SEAL, "") === "" && value !== "";
}

/** A text for a reader: which secret it is, is of no use to him. */
export function hideSeals(text: string): string {
  return text.replaceAll(SEAL, "[secret]");
}
