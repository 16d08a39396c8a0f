/**
 * An experiment as data: what is compared, under which load, what goes wrong when, what must hold, and what is
 * measured. Pure. `run.ts` carries it out, `report.ts` makes tables and plots of what it leaves.
 */
import type { Plot } from "./plots/plot.ts";
import type { Site } from "./site.ts";

/** One of the things that are compared. */
export interface Variant {
  /** In folders and tables, e.g. `fast`. */
  readonly name: string;
  /** In plots, e.g. `fast profile`. */
  readonly label: string;
  /** Settings of the stack that differ from those it has, by section and key, e.g. `failover: { profile: "fast" }`. */
  readonly settings: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Name of the variant that it is compared with; the first where it is not given, its own where with none. */
  readonly against?: string;
  /** Where visitors ask; the site's own addresses, in turn, where it is not given. */
  readonly target?: Target;
  /** What happens in its cells, in order of time; default: the experiment's timeline. */
  readonly timeline?: readonly Moment[];
  /** How often it runs at most, where its cells are long; default: as often as the others. */
  readonly repeats?: number;
}

/** One address that visitors ask, in place of the site's own. */
export type Target =
  /** The ingress of a machine, by the address at which visitors reach it. */
  | { readonly kind: "ingress"; readonly machine: string }
  /** The website's pod on a machine and nothing between: one server. The machine passes a port on to it. */
  | { readonly kind: "pod"; readonly machine: string };

/** A rate that holds for a while. */
export interface Stage {
  readonly visitsPerSecond: number;
  readonly seconds: Seconds;
}

/** Requests at a constant open rate: none waits for the answer of another. */
export interface Load {
  /** Visits of the page a second; 0 where stages say it. */
  readonly visitsPerSecond: number;
  /** Rates that take turns from the first request on; the last one's goes on until the cell's end. Default: none. */
  readonly stages?: readonly Stage[];
  /** `new`: each request has a connection of its own, which is the default; `kept`: connections are used again. */
  readonly connections?: "new" | "kept";
  /** Votes a second, each with an id of its own; sent again with the same id until one is acknowledged. */
  readonly votesPerSecond: number;
  /** Seconds until a request counts as failed. */
  readonly timeoutSeconds: number;
}

/** What can be done to a stack. Each kind has its own module in `faults/`, which also undoes it. */
export type Fault =
  /** Cuts a machine's network first, then ends it: no packet says so. */
  | { readonly kind: "power-off"; readonly machine: string }
  | { readonly kind: "shutdown"; readonly machine: string }
  | { readonly kind: "pod-kill"; readonly app: string }
  /** Passes a port of a machine on to the website's pod there, from before the load until after it. */
  | { readonly kind: "direct-port"; readonly machine: string }
  /** Moves a node's pods away, and has it take none (`make drain`), until it is undone. */
  | { readonly kind: "drain"; readonly machine: string }
  /** TCP streams from where visitors are to a machine, as fast as they go (iperf3), beside the load. */
  | {
      readonly kind: "streams";
      readonly machine: string;
      /** How many at once; iperf3 has at most 128. */
      readonly streams: number;
      /** What is read and written at once, bytes. */
      readonly bufferBytes: number;
    }
  | MachineFault
  | NetworkFault;

/** A fault that lasts on its machine until it is undone, and that nobody may be left to undo. */
export interface Limited {
  /** Seconds after which it ends there by itself, whoever is gone by then; default: two hours. */
  readonly limitSeconds?: Seconds;
}

/** What goes wrong with a machine, or with a process on it; machines by their names in the stack file. */
export type MachineFault =
  /** Ends a website's container by its own memory limit. */
  | { readonly kind: "out-of-memory" }
  /** Stops K3s' process without ending it (SIGSTOP); the node's pods live on. */
  | ({ readonly kind: "kubelet-freeze"; readonly machine: string } & Limited)
  /** Kills K3s (SIGKILL); systemd starts it again. */
  | { readonly kind: "k3s-kill"; readonly machine: string }
  /** Stops K3s; it is started when the fault is undone. */
  | ({ readonly kind: "k3s-stop"; readonly machine: string } & Limited)
  /** Restarts a machine in order, which comes back by itself. */
  | { readonly kind: "reboot"; readonly machine: string }
  /** Fills a machine's own disk, or the database's volume on it, to the last byte. */
  | { readonly kind: "disk-full"; readonly machine: string; readonly of: "machine" | "database" }
  /** Refuses connections of machines to the registries that their images come from. */
  | ({ readonly kind: "registry-gone"; readonly machines: readonly string[] } & Limited)
  /** Kills PostgreSQL (SIGKILL) on the machine that it runs on. */
  | { readonly kind: "database-kill"; readonly machine: string }
  /** Ends all of the cluster's name servers. */
  | {
      readonly kind: "dns-down";
      /** The machine with the control plane, which brings them back after so many seconds; default: none does. */
      readonly guard?: { readonly machine: string; readonly seconds: Seconds };
    }
  /** Sets the clock of one pod of the website by so many seconds, while its process runs. */
  | { readonly kind: "clock-jump"; readonly seconds: number }
  /**
   * Brings the stack up while other faults are on: with settings that differ, so that there is something to do.
   * Undone by another `up`, with the settings of before.
   */
  | {
      readonly kind: "up";
      readonly settings: Variant["settings"];
      readonly before: Variant["settings"];
    };

/** What goes wrong with the network of a machine. */
export type NetworkFault = WireguardDown | Partition | Loss | Delay | Rate | Stall;

/** Which of a machine's packets: those that come, those that go, or all. */
export type Direction = "in" | "out" | "both";

/** Takes a machine's WireGuard interface away, and with it every route into the overlay. */
export interface WireguardDown {
  readonly kind: "wireguard-down";
  readonly machine: string;
}

/** Drops what one end of a WireGuard tunnel sends to the other, and lets through what comes back. */
export interface Partition {
  readonly kind: "partition";
  /** The end that has the fault: packets are dropped on this machine. */
  readonly machine: string;
  /** The other end; of machines that are no hub, the hub. */
  readonly peer: string;
  /** Whether those are dropped that come from `peer`, or those that go to it. */
  readonly direction: "in" | "out";
}

/** Drops a share of the packets on the interface of a machine's default route, each by chance. */
export interface Loss extends Limited {
  readonly kind: "loss";
  readonly machine: string;
  /** More than 0, at most 100; two digits after the point count. */
  readonly percent: number;
  readonly direction: Direction;
}

/** Holds what a machine's own programs, WireGuard among them, send over its default route's interface. */
export interface Delay {
  readonly kind: "delay";
  readonly machine: string;
  /** Middle of the delay, 0 to 10,000; 0 is the control: the way through the relay without a delay. */
  readonly milliseconds: number;
  /** How much more or less it is, evenly spread; at most `milliseconds`. */
  readonly jitterMilliseconds: number;
}

/** Limits what a machine sends over the interface of its default route. */
export interface Rate {
  readonly kind: "rate";
  readonly machine: string;
  /** Megabits a second, at least 0.1. */
  readonly mbit: number;
}

/** Drops all of a machine's packets for a while, after which it ends by itself. */
export interface Stall {
  readonly kind: "stall";
  readonly machine: string;
  /** More than 0, at most 3600. */
  readonly seconds: Seconds;
}

/** Something at a moment of a cell's own clock. */
export type Moment =
  | { readonly at: Seconds; readonly inject: Fault }
  | { readonly at: Seconds; readonly recover: Fault };

/** Seconds since the first request of the cell. */
export type Seconds = number;

/** Events of the cluster that are written down with the moment they were seen. */
export const OBSERVED = [
  /** No endpoint of the website is left on the machine with the fault. */
  "endpoints-dropped",
  /** As many pods as before are Ready on other machines. */
  "replacement-ready",
  /** The node is NotReady. */
  "node-not-ready",
  /** The node is Ready again. */
  "node-ready",
  /** Pods are spread as before. */
  "even-again",
] as const;
export type Observed = (typeof OBSERVED)[number];

/** A number that each cell yields. */
export interface Measure {
  /** Column of tables and CSV, e.g. `endpoints_dropped_s`. */
  readonly name: string;
  /** In reports, with its unit, e.g. `endpoints dropped, s`. */
  readonly label: string;
  /** Its value; undefined where the cell has none, which the report shows as such. */
  readonly of: (cell: CellData) => number | undefined;
}

/** What must hold in every cell. */
export interface Invariant {
  readonly name: string;
  /** What is wrong, for a person; nothing where it holds. */
  readonly broken: (cell: CellData) => readonly string[];
}

/** Numbers by name; a name is a column: small letters, digits and underscores. */
export type Readings = Readonly<Record<string, number>>;

/** Something that is read of a stack from the begin of a cell to its end, besides requests and marks. */
export interface Probe {
  /**
   * Begins to read, before the first moment of the timeline.
   *
   * @param now the cell's clock
   * @returns what ends it, and gives its numbers
   */
  readonly begin: (site: Site, now: () => Seconds) => Promise<() => Promise<Readings>>;
}

export interface Experiment {
  /** Folder of its results, e.g. `failover-pi`. */
  readonly name: string;
  /** What it is to find out. */
  readonly question: string;
  /** The first is what the others are compared with. */
  readonly variants: readonly Variant[];
  /** How often each variant runs; variants take turns (A B C, C B A, …). */
  readonly repeats: number;
  readonly load: Load;
  /** In order of time. */
  readonly timeline: readonly Moment[];
  /** Seconds that the load goes on after what the last moment brings about is done. */
  readonly tail: Seconds;
  readonly measures: readonly Measure[];
  readonly invariants: readonly Invariant[];
  /** What else is read in each cell, for measures and invariants to look at; nothing where it is not given. */
  readonly probes?: readonly Probe[];
  /** The same experiment with cells of another length, under another name; only where its length may be chosen. */
  readonly lasting?: (minutes: number) => Experiment;
  /** Pictures of its report; none where it is not given. */
  readonly plots?: readonly Plot[];
  /** What others found, for the report to set beside; none where it is not given. */
  readonly published?: readonly Published[];
}

/** A value or a finding that was published elsewhere. */
export interface Published {
  /** What was measured, e.g. `replacement Ready, s`. */
  readonly what: string;
  /** In words or numbers, e.g. `about 10`. */
  readonly found: string;
  /** Where it is written, e.g. a paper's title and figure. */
  readonly source: string;
}

/** Name of the variant that is a second copy of the first: how far two equal things differ in this run. */
export const AA = "aa";

/** One request, as `visits.csv` has it. */
export interface Visit {
  /** Seconds since the first request of the cell. */
  readonly at: Seconds;
  /** Seconds until the whole answer, or until it was given up. */
  readonly latency: Seconds;
  /** HTTP status; 0 where no answer came. */
  readonly status: number;
  /** Why no answer came, e.g. `timeout`; empty otherwise. */
  readonly error: string;
  readonly method: "GET" | "POST";
  /** The vote's id; empty for a visit. */
  readonly id: string;
  /** Which pod on which node answered; empty where none did. */
  readonly pod: string;
  readonly node: string;
}

/** Something that was done or seen, as `marks.csv` has it. */
export interface Mark {
  readonly at: Seconds;
  readonly what: "inject" | "recover" | Observed;
  /** Name of the fault's machine or pod. */
  readonly subject: string;
}

/** What a finished cell has left. */
export interface CellData {
  readonly variant: string;
  readonly repeat: number;
  readonly visits: readonly Visit[];
  readonly marks: readonly Mark[];
  /** Ids of votes as the database has them at the end, each as often as it counts. */
  readonly counted: readonly string[];
  /** What is wrong with what the database counts, other than with single votes; for a person. */
  readonly miscounted?: readonly string[];
  /** Why the stack did not come to rest after the load; absent where it did. */
  readonly unrest?: string;
  /** What faults told of themselves, e.g. how an `up` ended. */
  readonly notes?: readonly Note[];
  /** What probes and faults have read; nothing where it is not given. */
  readonly readings?: Readings;
}

/** What a fault tells of itself, beside the marks. */
export interface Note {
  readonly at: Seconds;
  readonly text: string;
}
