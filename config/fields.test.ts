import { describe, expect, it } from "vitest";

import { hostKey as schema } from "./fields.ts";
import { writeFields } from "./ssh-key.ts";

const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
const ecdsaFields = ["ecdsa-sha2-nistp256", "nistp256", Buffer.alloc(65, 4)];
const ecdsa = `ecdsa-sha2-nistp256 ${writeFields(ecdsaFields).toString("base64")}`;

/** Host keys that are none: what they are instead. */
const rsa = `ssh-rsa ${Buffer.concat([Buffer.from([0, 0, 0, 7]), Buffer.from("ssh-rsa")]).toString("base64")}`;
const hostKeys: readonly (readonly [string, string, rule: string])[] = [
  ["an RSA key", rsa, "type ssh-rsa"],
  ["a DSA key", "ssh-dss AAAAB3NzaC1kc3MA", "type ssh-dss"],
  ["a fingerprint", "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU", "fingerprint"],
  [
    "what ssh-keygen -l prints",
    "256 SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU root@pi (ED25519)",
    "fingerprint",
  ],
  ["a line of known_hosts", `192.168.1.50 ${hostKey}`, "known_hosts"],
  ["a hashed line of known_hosts", `|1|q83vEjRWeJA=|q83vEjRWeJA= ${hostKey}`, "known_hosts"],
  ["a key with its comment", `${hostKey} root@pi`, "more than type and base64"],
  ["a key with a line's end", `${hostKey}\n`, "more than type and base64"],
  ["a key that was cut short", hostKey.slice(0, -8), "cut short"],
  [
    "a key of another type than it says",
    hostKey.replace("ssh-ed25519", "ecdsa-sha2-nistp256"),
    "cut short",
  ],
  ["a private key", "-----BEGIN OPENSSH PRIVATE KEY-----", "private key"],
  ["base64 alone", hostKey.split(" ")[1] ?? "", "type and base64"],
];

describe("a pinned host key", () => {
  it.each([hostKey, ecdsa])("is %s", (key) => {
    expect(schema.safeParse(key).success).toBe(true);
  });

  it.each(hostKeys)("is not %s", (_, key, rule) => {
    const [found, ...others] = schema.safeParse(key).error?.issues ?? [];
    expect(others).toEqual([]);
    expect(found?.message).toContain(rule);
    expect(found?.message).toContain(
      "|copy type and base64 of the device's /etc/ssh/ssh_host_ed25519",
    );
  });
});
