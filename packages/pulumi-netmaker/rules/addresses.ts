/**
 * Which addresses the server gives: hosts from the start of the network's range, external clients
 * from its end, each the first that is free (logic/networks.go, UniqueAddress; logic/nodes.go,
 * logic/extpeers.go). Pure.
 */
import { addressText, bits, parseRange, type Range } from "./ranges.ts";

/** Who needs an address, in the order of joining. */
export interface Member {
  readonly name: string;
  readonly kind: "host" | "client";
}

/** Addresses by member. */
export type AddressPlan = ReadonlyMap<string, string>;

/**
 * The addresses that members get in a new network, joining in the given order.
 *
 * @param taken addresses that are in use already
 * @throws RangeError for a malformed range, or one that is too small for its members
 */
export function planAddresses(
  range: string,
  members: readonly Member[],
  taken: ReadonlySet<string> = new Set(),
): AddressPlan {
  const { family, first, last } = usable(range);
  const used = new Set(taken);
  const plan = new Map<string, string>();
  // Nothing before a cursor becomes free while the plan is made.
  let low = first;
  let high = last;
  for (const { name, kind } of members) {
    const step = kind === "host" ? 1n : -1n;
    let at = kind === "host" ? low : high;
    while (at >= first && at <= last && used.has(addressText(family, at))) {
      at += step;
    }
    if (at < first || at > last) {
      throw new RangeError(`${range} has no address left for ${name}: make it larger`);
    }
    const address = addressText(family, at);
    used.add(address);
    plan.set(name, address);
    if (kind === "host") {
      low = at + 1n;
    } else {
      high = at - 1n;
    }
  }
  return plan;
}

/** How many members a range has room for. */
export function capacity(range: string): bigint {
  const { first, last } = usable(range);
  return last - first + 1n;
}

/** The first and last address that members can have: the server gives neither end of a range. */
function usable(text: string): Pick<Range, "family" | "first" | "last"> {
  const range = parseRange(text);
  if (range === undefined || bits(range.family) - range.prefix < 2) {
    throw new RangeError(`${text} is no range for a network`);
  }
  return { family: range.family, first: range.first + 1n, last: range.last - 1n };
}
