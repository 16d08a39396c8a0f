/**
 * What the server will refuse, found before anything is sent: all problems at once, with the fix.
 * Pure. Each rule is the server's own, at v1.5.1, and names the source file that has it.
 */
import { bits, overlap, parseRange, type Range } from "./ranges.ts";

/** One broken rule. */
export interface Refusal {
  /** The argument, by its name in this library. */
  readonly field: string;
  readonly rule: string;
  readonly fix: string;
}

/** What the rules check of a network before it is created. */
export interface PlannedNetwork {
  readonly name: string;
  readonly addressRange?: string | undefined;
  readonly addressRange6?: string | undefined;
  readonly keepalive?: number | undefined;
}

/**
 * Why the server would refuse a network (controllers/network.go, createNetwork; logic/networks.go,
 * ValidateNetwork and IsNetworkCIDRUnique).
 *
 * @param others the networks that there are
 */
export function networkRefusals(
  network: PlannedNetwork,
  others: readonly PlannedNetwork[] = [],
): Refusal[] {
  return [
    ...networkNameRefusals(network.name),
    ...(others.some((other) => other.name === network.name)
      ? [refusal("name", `${network.name} exists`, "choose another name")]
      : []),
    ...rangeRefusals(network),
    ...others.flatMap((other) => overlapRefusals(network, other)),
    ...((network.keepalive ?? 0) > 1000
      ? [refusal("keepalive", "must be 1000 s at most", "20 suits most routers")]
      : []),
  ];
}

/** 1 to 32 of `a-z`, `0-9`, `-`, `_` (logic/networks.go, validateNetName). */
export function networkNameRefusals(name: string): Refusal[] {
  return [
    ...(name === "" ? [refusal("name", "must not be empty", "name the network")] : []),
    // The server counts bytes.
    ...(Buffer.byteLength(name) > 32
      ? [refusal("name", "must be 32 characters at most", "shorten it")]
      : []),
    ...(/^[a-z0-9_-]*$/.test(name)
      ? []
      : [
          refusal("name", "must be of a-z, 0-9, - and _", "write it in lower case, without spaces"),
        ]),
  ];
}

/** 5 to 32 of letters, digits and `-` (controllers/regex.go, validName). */
export function clientIdRefusals(id: string): Refusal[] {
  return /^[a-zA-Z0-9-]{5,32}$/.test(id)
    ? []
    : [refusal("id", "must be 5 to 32 of letters, digits and -", "lengthen or shorten it")];
}

/** 3 to 32 characters (models/enrollment_key.go, APIEnrollmentKey.Tags). */
export function keyNameRefusals(name: string): Refusal[] {
  const length = Array.from(name).length;
  return length >= 3 && length <= 32
    ? []
    : [refusal("name", "must be 3 to 32 characters", "lengthen or shorten it")];
}

/** 1 to 192 of letters, digits, `-` and `.` (logic/dns.go, ValidateDNSCreate; models/dnsEntry.go). */
export function recordNameRefusals(name: string): Refusal[] {
  return /^[A-Za-z0-9.-]{1,192}$/.test(name)
    ? []
    : [
        refusal(
          "name",
          "must be 1 to 192 of letters, digits, - and .",
          "write it like pi.netmaker",
        ),
      ];
}

function rangeRefusals({ addressRange, addressRange6 }: PlannedNetwork): Refusal[] {
  if (!addressRange && !addressRange6) {
    return [refusal("addressRange", "must be given, or addressRange6", "10.101.0.0/16 is common")];
  }
  return [
    ...(addressRange ? sizeRefusals("addressRange", addressRange, 4) : []),
    ...(addressRange6 ? sizeRefusals("addressRange6", addressRange6, 6) : []),
  ];
}

/** A range of less than four addresses has none for members. */
function sizeRefusals(field: string, text: string, family: 4 | 6): Refusal[] {
  const range = parseRange(text);
  const example = family === 4 ? "10.101.0.0/16" : "fd00:101::/64";
  if (range?.family !== family) {
    return [refusal(field, `must be an IPv${family} range`, `write it like ${example}`)];
  }
  const smallest = bits(family) - 2;
  return range.prefix > smallest
    ? [refusal(field, `must be /${smallest} or larger`, `write it like ${example}`)]
    : [];
}

function overlapRefusals(network: PlannedNetwork, other: PlannedNetwork): Refusal[] {
  const pairs = [
    ["addressRange", network.addressRange, other.addressRange],
    ["addressRange6", network.addressRange6, other.addressRange6],
  ] as const;
  return pairs.flatMap(([field, mine, its]) =>
    overlaps(parsed(mine), parsed(its))
      ? [refusal(field, `overlaps ${its ?? ""} of network ${other.name}`, "choose another range")]
      : [],
  );
}

function parsed(text: string | undefined): Range | undefined {
  return text === undefined ? undefined : parseRange(text);
}

function overlaps(one: Range | undefined, other: Range | undefined): boolean {
  return one !== undefined && other !== undefined && overlap(one, other);
}

function refusal(field: string, rule: string, fix: string): Refusal {
  return { field, rule, fix };
}
