/** nftables' rules that drop packets of one interface for a while: text for `nft`, pure. */
import { z } from "zod";

import type { Direction, Readings, Seconds } from "../../model.ts";
import { script, undoing } from "./script.ts";

export interface Dropping {
  /** Kind of the fault; its table is called by it. */
  readonly kind: string;
  /** Interface on which packets are dropped. */
  readonly device: string;
  /** Seconds after which the kernel lets packets through again by itself. */
  readonly seconds: Seconds;
  readonly direction: Direction;
  /** Which packets, as nftables says it for each direction; all where there is none. */
  readonly match?: { readonly in: string; readonly out: string };
  /** How many of 10,000 of these are dropped, each by chance; all where it is not given. */
  readonly of10000?: number;
  /** Before which others it looks at packets: lower is earlier. */
  readonly priority?: number;
}

/**
 * A script that drops packets from now on. The interface stands in a set with a time-out: the rules match while it is
 * there, so that the kernel itself ends the fault in time. Hooks are the interface's own (family netdev): what comes
 * in is seen before any other rule, what goes out after all of them, forwarded packets among it. Packets that the
 * kernel has put together for speed (GRO, GSO) are one here, and are dropped as one.
 */
export function drop(dropping: Dropping): string {
  const { kind, device, seconds, direction } = dropping;
  const table = tableOf(kind);
  const ways = (["in", "out"] as const).filter((way) => [way, "both"].includes(direction));
  return script(
    ["nft"],
    "nft -f - <<'RULES'",
    // Made anew at once: nothing of one before is left, and there is no moment without a rule.
    `table netdev ${table}`,
    `delete table netdev ${table}`,
    `table netdev ${table} {`,
    `  set in_force { type ifname; flags timeout; elements = { "${device}" timeout ${milliseconds(seconds)}ms } }`,
    ...ways.flatMap((way) => [`  counter ${way}_seen { }`, `  counter ${way}_dropped { }`]),
    ...ways.flatMap((way) => chain(dropping, way)),
    "}",
    "RULES",
  );
}

function chain(
  { device, match, of10000, priority = 0 }: Dropping,
  way: "in" | "out",
): readonly string[] {
  const [hook, interfaceName] = way === "in" ? ["ingress", "iifname"] : ["egress", "oifname"];
  const chance =
    of10000 === undefined || of10000 === 10_000 ? "" : `numgen random mod 10000 < ${of10000} `;
  const which = match === undefined ? "" : `${match[way]} `;
  return [
    `  chain ${way} {`,
    `    type filter hook ${hook} device "${device}" priority ${priority}; policy accept;`,
    `    ${interfaceName} @in_force ${which}counter name ${way}_seen ${chance}counter name ${way}_dropped drop`,
    "  }",
  ];
}

function milliseconds(seconds: Seconds): number {
  return Math.round(seconds * 1000);
}

/** A script that drops nothing more; it does nothing where nothing is dropped. */
export function dropNoMore(kind: string): string {
  const table = tableOf(kind);
  return undoing(
    "nft",
    "nft -f - <<'RULES'",
    `table netdev ${table}`,
    `delete table netdev ${table}`,
    "RULES",
  );
}

/** A script that prints what was seen and dropped, for {@link readCounters}. */
export function counters(kind: string): string {
  return script(["nft"], `nft -j list counters table netdev ${tableOf(kind)}`);
}

const COUNTERS = z.object({
  nftables: z.array(
    z.object({ counter: z.object({ name: z.string(), packets: z.number() }).optional() }),
  ),
});

/** Packets by the counters' names, e.g. `in_dropped`. */
export function readCounters(text: string): Readings {
  return Object.fromEntries(
    COUNTERS.parse(JSON.parse(text)).nftables.flatMap(({ counter }) =>
      counter === undefined ? [] : [[counter.name, counter.packets]],
    ),
  );
}

function tableOf(kind: string): string {
  return `fogline_${kind.replaceAll("-", "_")}`;
}
