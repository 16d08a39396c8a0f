/**
 * Values that only stand for others: sums of zeros, documentation addresses, names of examples. The
 * worked stacks hold them where their user has something to fill in. A plan names them; nothing is
 * made with them.
 */
import ipaddr from "ipaddr.js";

import type { Problem } from "./problems.ts";
import { isSecretPath } from "./registries.ts";
import { isDocumentation } from "./special-ranges.ts";

/** The device's host key of the worked stacks; its private half was thrown away. */
export const EXAMPLE_HOST_KEY =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";

const ZEROS = "0".repeat(64);
/** SHA-256 of nothing: what is left of a download that failed. */
const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const ADDRESS = /\d+\.\d+\.\d+\.\d+(\/\d+)?/g;
/** IPv6 ranges for examples: RFC 3849 and RFC 9637. */
const ADDRESS_V6 = /(?<![\w:])(2001:0?db8|3fff:0?[0-9a-f]{1,3}):[0-9a-f:]*(\/\d+)?/i;
/** Names that are kept for examples (RFC 2606), as a host of a URL or an image's registry. */
const EXAMPLE_NAME = /(^|[./@])(example\.(com|net|org)|[a-z0-9-]+\.example)(?=[:/]|$)/i;
/** The owner of images in documents: `ghcr.io/you/…`, `ghcr.io/your-name/…`. */
const EXAMPLE_OWNER = /\/(you|your-name)\//;
/** A whole value, or a whole part of one, that says whose turn it is. */
const TO_BE_FILLED_IN =
  /(^|[/@:])(<[^>]*>|yours?|your-[a-z-]+|change-?me|to-?do|fix-?me|\.{3}|…)(?=$|[/@:])/i;

interface Kind {
  readonly rule: string;
  readonly fix: string;
}

/**
 * Every value that stands for another one, in the order of the settings. Sums of processors that no
 * machine has are passed over, and so are documentation addresses where the cloud is the lab's.
 *
 * @param settings parsed settings by section, as far as they can be read
 */
export function placeholders(settings: object): Problem[] {
  const archs = archsOf(settings);
  const isLab = field(field(settings, "cloud"), "lab") === true;
  return leavesOf(settings, "fogline:").flatMap(({ path, value }) => {
    const arch = /\.sha256\.(amd64|arm64)$/.exec(path)?.[1];
    // What is found is told with its value.
    const isPassedOver = isSecretPath(path) || (arch !== undefined && !archs.has(arch));
    const kind = isPassedOver ? undefined : kindOf(path, value, isLab);
    return kind === undefined ? [] : [{ path, ...kind }];
  });
}

function kindOf(path: string, value: string, isLab: boolean): Kind | undefined {
  const kind = sumKind(path, value);
  if (kind !== undefined) {
    return kind;
  }
  if (value.trim() === EXAMPLE_HOST_KEY) {
    return {
      rule: "is the host key of the example, which no device has",
      fix: "write what `cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub` prints on the device",
    };
  }
  const address = isLab ? undefined : documentationAddress(value);
  if (address !== undefined) {
    return {
      rule: `${address} is an address for documentation, which nobody has`,
      fix: path.startsWith("fogline:cloud.sshFrom")
        ? "write this computer's address as the internet sees it, with /32"
        : "write the address that is meant",
    };
  }
  if (EXAMPLE_NAME.test(value) || EXAMPLE_OWNER.test(value)) {
    return { rule: `${value} is a name of an example`, fix: "write your own" };
  }
  return TO_BE_FILLED_IN.test(value)
    ? { rule: `${value} stands for a value of yours`, fix: "write your own" }
    : undefined;
}

/** Sums and digests that no file has. */
function sumKind(path: string, value: string): Kind | undefined {
  const sum = /^(?:(.*)@sha256:)?([0-9a-f]{64})$/.exec(value);
  const [, image, digits] = sum ?? [];
  if (digits !== ZEROS && digits !== EMPTY) {
    return undefined;
  }
  const what = digits === ZEROS ? "of zeros" : "of an empty file";
  if (image !== undefined) {
    return {
      rule: `${image} has a digest ${what}, which no image has`,
      fix: "run `make pin` for this stack (STACK=name), which asks the registry and writes it",
    };
  }
  return {
    rule: `is a sum ${what}, which no program has`,
    fix: /^fogline:(k3s|netmaker\.(server|client))\.sha256\./.test(path)
      ? "run `make pin` for this stack (STACK=name), which writes the release's own, or copy it"
      : "copy the release's SHA-256",
  };
}

function documentationAddress(text: string): string | undefined {
  const v4 = [...text.matchAll(ADDRESS)]
    .map(([address]) => address)
    .find((address) => {
      const [host = ""] = address.split("/");
      return ipaddr.IPv4.isValidFourPartDecimal(host) && isDocumentation(address);
    });
  return v4 ?? ADDRESS_V6.exec(text)?.[0];
}

function archsOf(settings: object): Set<unknown> {
  const edge = field(settings, "edge");
  const devices: unknown[] = Array.isArray(edge) ? edge : [];
  return new Set([field(settings, "cloud"), ...devices].map((each) => field(each, "arch")));
}

interface Leaf {
  readonly path: string;
  readonly value: string;
}

/** Every text of a value with the path that problems are told at. */
function leavesOf(value: unknown, path: string): Leaf[] {
  if (typeof value === "string") {
    return [{ path, value }];
  }
  if (Array.isArray(value)) {
    return value.flatMap((each: unknown, n) => leavesOf(each, `${path}[${n}]`));
  }
  const glue = path.endsWith(":") ? "" : ".";
  return typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, `${path}${glue}${key}`))
    : [];
}

function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null
    ? (value as Record<string, unknown>)[key]
    : undefined;
}
