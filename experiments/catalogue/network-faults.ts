/** Faults of the network of the Pi, each on a timeline of its own. */
import { PI, SERVER, single, type FaultCase } from "./cases.ts";

export const NETWORK_CASES: readonly FaultCase[] = [
  // As long as a machine without power: its node is given up meanwhile.
  single("wireguard-down", `${PI} loses WireGuard`, { kind: "wireguard-down", machine: PI }, 50),
  ...(["in", "out"] as const).map((direction) =>
    single(
      `partition-${direction}`,
      direction === "in" ? `${PI} does not hear ${SERVER}` : `${SERVER} does not hear ${PI}`,
      { kind: "partition", machine: PI, peer: SERVER, direction },
      50,
    ),
  ),
  // A line that is bad is so from the first packet on: half a minute has 600 visits.
  ...[1, 5, 10].map((percent) =>
    single(
      `loss-${percent}`,
      `${PI} loses ${percent} % of its packets`,
      { kind: "loss", machine: PI, percent, direction: "both" },
      40,
    ),
  ),
  // The first is the control: the way through the relay without a delay.
  ...(
    [
      [0, 0],
      [50, 20],
      [200, 50],
    ] as const
  ).map(([milliseconds, jitterMilliseconds]) =>
    single(
      `delay-${milliseconds}`,
      `${PI} sends with ${milliseconds} ± ${jitterMilliseconds} ms`,
      { kind: "delay", machine: PI, milliseconds, jitterMilliseconds },
      40,
    ),
  ),
  single("rate-1", `${PI} sends 1 Mbit/s at most`, { kind: "rate", machine: PI, mbit: 1 }, 40),
  // It ends by itself before.
  single("stall", `${PI} is silent for 3 s`, { kind: "stall", machine: PI, seconds: 3 }, 15),
];
