/** Kinds of values that several sections share: names, addresses, ports, keys. */
import { parseCidr } from "@fogline/azure-checks/cidr";
import ipaddr from "ipaddr.js";
import { z } from "zod";

import { dialledHostProblem, forwardedHostProblem, type HostProblem } from "./hosts.ts";
import { DNS_LABEL_LENGTH, LINUX_USER_LENGTH } from "./names.ts";
import { readPublicKey } from "./ssh-key.ts";

/** An IPv4 range. */
export const cidr = z.string().refine((value) => parseCidr(value) !== undefined, {
  error: "must be an IPv4 range in CIDR form whose host bits are zero|write it like 10.10.0.0/16",
});

const ADDRESS = "must be an IPv4 address|write it like 10.101.2.1";

/** One IPv4 address. */
export const ipv4 = z
  .string({ error: ADDRESS })
  .refine((value) => ipaddr.IPv4.isValidFourPartDecimal(value), { error: ADDRESS });

const DNS_LABEL = new RegExp(`^[a-z0-9]([a-z0-9-]{0,${DNS_LABEL_LENGTH - 2}}[a-z0-9])?$`);

/** A node's name in the cluster. */
export const dnsLabel = z.string().regex(DNS_LABEL, {
  error:
    "must be 1-63 lower-case letters, digits or hyphens, as Kubernetes asks of a node name|choose a name like raspberrypi",
});

/** A TCP or UDP port. */
export const port = z
  .number({ error: "must be a port number|write a whole number from 1 to 65535" })
  .int({ error: "must be a whole number|write a whole number from 1 to 65535" })
  .min(1, { error: "must be 1 or more|write a whole number from 1 to 65535" })
  .max(65535, { error: "must be 65535 or less|write a whole number from 1 to 65535" });

/** A whole number between two bounds, both included. */
export const count = (min: number, max: number): z.ZodNumber =>
  z
    .number({ error: `must be a whole number from ${min} to ${max}|write such a number` })
    .int({ error: `must be a whole number from ${min} to ${max}|drop the fraction` })
    .min(min, { error: `must be ${min} or more|use at least ${min}` })
    .max(max, { error: `must be ${max} or less|use at most ${max}` });

const ED25519 =
  "copy type and base64 of the device's /etc/ssh/ssh_host_ed25519_key.pub, as `cut -d' ' -f1,2` prints them, without its comment";
const HOST_KEY = `must be an SSH public host key, type and base64|${ED25519}`;
/** Types that the official command plugin agrees on with a server: it asks for the type by its name. */
const HOST_KEY_TYPES = ["ssh-ed25519", "ecdsa-sha2-nistp256"];

/** An SSH server's public key: pinned, never trusted on first use. */
export const hostKey = z.string({ error: HOST_KEY }).superRefine((value, context) => {
  const rule = hostKeyProblem(value);
  if (rule !== undefined) {
    context.addIssue({ code: "custom", message: `${rule}|${ED25519}` });
  }
});

function hostKeyProblem(value: string): string | undefined {
  const words = value.trim().split(/\s+/);
  const key = readPublicKey(value);
  if (/^(\d+ )?(SHA256|MD5):/.test(value)) {
    return "is a fingerprint, which a key cannot be made from; the key itself is pinned";
  }
  if (value.includes("PRIVATE KEY")) {
    return "is a private key, which must not leave its machine: make new host keys there";
  }
  if (words[0] === "ssh-rsa" || words[0] === "ssh-dss") {
    return `is a key of type ${words[0]}, whose algorithm of that name (SHA-1) SSH servers have turned off, so that no connection is made; the ed25519 key is pinned`;
  }
  if (words.length > 2 && key === undefined && readPublicKey(words.slice(1).join(" "))) {
    return "is a line of known_hosts: it begins with a host's name";
  }
  if (key === undefined) {
    return HOST_KEY_TYPES.includes(words[0] ?? "") && words.length >= 2
      ? "is no whole key: its base64 is cut short or was changed"
      : "must be an SSH public host key, type and base64";
  }
  if (!HOST_KEY_TYPES.includes(key.type)) {
    return `is a key of type ${key.type}; the ed25519 key is pinned`;
  }
  return words.length > 2 || value !== words.join(" ")
    ? "has more than type and base64"
    : undefined;
}

const HOST = "must be a host name or address|write it like 192.168.50.10";

/** A host that this computer dials: an address, or a name that DNS knows. */
export const host = hostOf(dialledHostProblem);

/** A host that a jump host dials. */
export const forwardedHost = hostOf(forwardedHostProblem);

function hostOf(problemOf: (host: string) => HostProblem | undefined): z.ZodType<string> {
  return z
    .string({ error: HOST })
    .min(1, { error: HOST })
    .superRefine((value, context) => {
      const problem = value === "" ? undefined : problemOf(value);
      if (problem !== undefined) {
        context.addIssue({ code: "custom", message: `${problem.rule}|${problem.fix}` });
      }
    });
}

/**
 * A URL that programs are fetched from.
 *
 * @param placeholders names that may stand in braces
 */
export const downloadFrom = (placeholders: readonly string[]): z.ZodString =>
  url("must be an http(s) URL|name where it is found").refine(
    (value) =>
      [...value.matchAll(/\{([^}]*)\}/g)].every(([, name = ""]) => placeholders.includes(name)),
    {
      error: `has a placeholder that is not filled in|only ${placeholders.map((name) => `{${name}}`).join(" and ")} are`,
    },
  );

/** An http(s) URL with a host. */
export const url = (error: string): z.ZodString =>
  z.string({ error }).refine(
    (value) => {
      // A placeholder may stand anywhere, and is no part of a URL.
      const plain = value.replaceAll(/[{}]/g, "");
      return /^https?:\/\/[^/\s]/.test(plain) && !/\s/.test(plain) && URL.canParse(plain);
    },
    { error },
  );

/** Name that logs in over SSH. */
export const login = z
  .string({ error: "must be a user's name|write the name of the user who logs in, e.g. pi" })
  .min(1, { error: "must be a user's name|write the name of the user who logs in, e.g. pi" });

const LINUX_USER = new RegExp(`^[a-z_][a-z0-9_-]{0,${LINUX_USER_LENGTH - 1}}$`);

/** Name of a Linux user that can be made on any machine. */
export const linuxUser = z.string().regex(LINUX_USER, {
  error: "must be a Linux user name|choose a name like fogline",
});

const OWN_IMAGE =
  "must be build, or name an image by registry, repository and digest|write build, which needs no published image (docs/images.md)";

/** A container image: registry, repository, perhaps a tag for the reader, and the digest that is pulled. */
export const image = z
  .string()
  .regex(/^[a-z0-9.:-]+\/[a-z0-9._/-]+(:[\w.-]+)?@sha256:[0-9a-f]{64}$/, {
    error:
      "must name an image by registry, repository and digest|write it like docker.io/library/postgres:17@sha256:…; `make pin` adds the digest to a tag",
  });

/** Stands for an image that is built from this checkout and kept by the stack's own registry. */
export const BUILD = "build";

/** An image that this checkout has the sources of: `build`, or a published one by digest. */
export const ownImage = z
  .string({ error: OWN_IMAGE })
  .refine((value) => value === BUILD || image.safeParse(value).success, { error: OWN_IMAGE });

/** Size of a volume. */
export const quantity = z
  .string()
  .regex(/^[1-9]\d*(Mi|Gi)$/, { error: "must be a Kubernetes quantity|write it like 1Gi" });

/** What a fetched program must be, bit by bit. */
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, {
  error: "must be a SHA-256 sum: 64 lower-case hex digits|copy it from the release's checksum file",
});
