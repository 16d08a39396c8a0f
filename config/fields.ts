/** Kinds of values that several sections share: names, addresses, ports, keys. */
import ipaddr from "ipaddr.js";
import { z } from "zod";

import { parseCidr } from "./cidr.ts";

/** An IPv4 range. */
export const cidr = z.string().refine((value) => parseCidr(value) !== undefined, {
  error: "must be an IPv4 range in CIDR form whose host bits are zero|write it like 10.10.0.0/16",
});

const ADDRESS = "must be an IPv4 address|write it like 10.101.2.1";

/** One IPv4 address. */
export const ipv4 = z
  .string({ error: ADDRESS })
  .refine((value) => ipaddr.IPv4.isValidFourPartDecimal(value), { error: ADDRESS });

/** A node's name in the cluster. */
export const dnsLabel = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, {
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

const HOST_KEY =
  "must be an SSH public host key, type and base64|copy the line of /etc/ssh/ssh_host_ed25519_key.pub without its comment";

/** An SSH server's public key: pinned, never trusted on first use. */
export const hostKey = z
  .string({ error: HOST_KEY })
  .regex(/^(ssh-ed25519|ecdsa-sha2-nistp256|ssh-rsa) [A-Za-z0-9+/]+=*$/, { error: HOST_KEY });

/** Name or address of a host. */
export const host = z
  .string({ error: "must be a host name or address|write it like 192.168.50.10" })
  .min(1, { error: "must be a host name or address|write it like 192.168.50.10" });

/** Name that logs in over SSH. */
export const login = z
  .string({ error: "must be a user's name|write the name of the user who logs in, e.g. pi" })
  .min(1, { error: "must be a user's name|write the name of the user who logs in, e.g. pi" });

/** Name of a Linux user that can be made on any machine. */
export const linuxUser = z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/, {
  error: "must be a Linux user name|choose a name like fogline",
});

/** A container image: registry, repository, perhaps a tag for the reader, and the digest that is pulled. */
export const image = z
  .string()
  .regex(/^[a-z0-9.:-]+\/[a-z0-9._/-]+(:[\w.-]+)?@sha256:[0-9a-f]{64}$/, {
    error:
      "must name an image by registry, repository and digest|write it like docker.io/library/postgres:17@sha256:…",
  });

/** What a fetched program must be, bit by bit. */
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, {
  error: "must be a SHA-256 sum: 64 lower-case hex digits|copy it from the release's checksum file",
});
