/** What a join bundle is made of, and what comes back: pure. */
import { createHash, createPrivateKey, createPublicKey } from "node:crypto";

import { RunError } from "@pulumi/pulumi";

import { render } from "../remote/render.ts";

/** A pair of WireGuard keys, base64. */
export interface KeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** What a device said of itself when it joined. */
export interface Enrolled {
  /** Public half of the WireGuard key that it made. */
  readonly key: string;
  /** Its SSH host key, heard over the tunnel that only the bundle's holder could open. */
  readonly hostKey: string;
}

/** DER around the 32 bytes of an X25519 private key (RFC 8410, section 7). */
const PKCS8 = Buffer.from("302e020100300506032b656e04220420", "hex");

/**
 * The WireGuard keys of a bundle, which open the way to the hub's enrolment and nothing else. They
 * follow from a random secret, so that neither hub nor device ever makes or sends them.
 */
export function bundleKeys(secret: string): KeyPair {
  const bytes = createHash("sha256").update(`fogline join bundle\0${secret}`).digest();
  // The form in which `wg genkey` prints keys (RFC 7748, section 5).
  bytes.writeUInt8(bytes.readUInt8(0) & 248, 0);
  bytes.writeUInt8((bytes.readUInt8(31) & 127) | 64, 31);
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8, bytes]),
    format: "der",
    type: "pkcs8",
  });
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  return {
    privateKey: bytes.toString("base64"),
    publicKey: spki.subarray(-32).toString("base64"),
  };
}

/** Values of the scripts in a bundle. */
export interface BundleValues {
  readonly NODE: string;
  readonly ARCH: string;
  readonly ISSUE: string;
  /** The hub's address in the overlay, and the TCP port of its enrolment. */
  readonly HUB: string;
  readonly PORT: string;
  /** Seconds since 1970. */
  readonly EXPIRES: string;
  /** WireGuard configuration for joining, without the private key. */
  readonly JOIN_CONF: string;
  /** The bundle's private key. */
  readonly JOIN_KEY: string;
  /** WireGuard configuration afterwards, without the key that the device makes; empty where the hub tells it. */
  readonly CONF: string;
  readonly ADMIN: string;
  readonly AUTHORIZED_KEY: string;
  /** Script by which the device leaves again. */
  readonly LEAVE: string;
  /** What the device must not collide with, and what K3s asks of its kernel. */
  readonly RANGES: string;
  readonly CGROUPS: string;
}

/** The one file that makes a device join: a script, which cloud-init also runs as `user-data`. */
export function bundleText(script: string, values: BundleValues): string {
  const until = new Date(Number(values.EXPIRES) * 1000)
    .toISOString()
    .slice(0, 16)
    .replace("T", " ");
  return [
    "#!/bin/bash",
    `# Fogline join bundle for ${values.NODE}: SECRET, good for one device, once, until ${until} UTC.`,
    `# On the device: sudo bash join-${values.NODE}.sh`,
    render(script, { ...values }),
  ].join("\n");
}

/**
 * When a bundle expires, in seconds since 1970, as the hub printed it.
 *
 * @throws RunError when the text is no such number
 */
export function parseExpiry(text: string): string {
  const seconds = text.trim();
  if (!/^\d{10}$/.test(seconds)) {
    throw new RunError(
      `the hub did not print when the bundle expires but ${JSON.stringify(seconds.slice(0, 80))}`,
    );
  }
  return seconds;
}

/**
 * Reads what a device said of itself.
 *
 * @throws RunError when the text is not of the hub's form
 */
export function parseEnrolled(text: string): Enrolled {
  const key = /^key ([A-Za-z0-9+/]{43}=)$/m.exec(text)?.[1];
  const hostKey = /^host-key (ssh-ed25519 [A-Za-z0-9+/]+=*)$/m.exec(text)?.[1];
  if (key === undefined || hostKey === undefined) {
    throw new RunError("the hub did not print the keys of the device that joined");
  }
  return { key, hostKey };
}
