/** Starts the load generator of `load/`, tells the time of its clock, and ends it. */
import { join } from "node:path";

import { execa } from "execa";
import { z } from "zod";

import { cached, sourceInputs } from "../lab/toolchain/cache.ts";
import { hostArch } from "../lab/toolchain/lock.ts";
import { build, goVersion } from "../lab/toolchain/registries.ts";
import type { Load, Seconds } from "./model.ts";

export { readVisits } from "./visits.ts";

const SOURCE = join(import.meta.dirname, "load");

/** Seconds that votes are sent again after the load has ended. */
const DRAIN: Seconds = 10;
/** Seconds that the process may take to end beyond what it waits for; then it is killed. */
const GRACE: Seconds = 10;

const ZERO = z.strictObject({
  /** The first request's moment, microseconds since 1970. */
  zeroUnixMicroseconds: z.int(),
  /** The same moment, microseconds of CLOCK_MONOTONIC. */
  zeroMonotonicMicroseconds: z.int(),
});

const REPORT = z.strictObject({
  /** CPU time per second, while new requests were sent: the share of one core, whatever their number. */
  cpuShare: z.number(),
  /** CPU time, user and system, while new requests were sent. */
  cpuSeconds: z.number(),
  /** How long new requests were sent. */
  seconds: z.number(),
  /** How long after its moment the latest request began. */
  latestStartSeconds: z.number(),
  visits: z.int(),
  votes: z.int(),
  /** Times that a vote was sent again. */
  repeated: z.int(),
  /** Votes that were answered with 2xx, with 3xx or 4xx, and with neither until the end. */
  acknowledged: z.int(),
  refused: z.int(),
  unacknowledged: z.int(),
});
/** What the generator says of its own run. */
export type GeneratorReport = z.infer<typeof REPORT>;

export interface LoadOptions {
  /** Words before the command, e.g. `nsenter --net=…`, that put it where visitors are; default: none. */
  readonly prefix?: readonly string[];
  /** Addresses of the website, which take turns; votes go to their `/api/votes`. */
  readonly urls: readonly string[];
  readonly load: Load;
  /** File that gets a row for each request, which must not be there yet. */
  readonly visits: string;
  /** Seconds after which no new request is sent; default: until it is stopped. */
  readonly seconds?: Seconds;
  /** Path of the generator; default: built where the cache has none. */
  readonly program?: string;
}

/** A load that is being sent; ended at once where it is disposed of. */
export interface RunningLoad extends AsyncDisposable {
  /** The first request's moment, microseconds since 1970. */
  readonly zeroUnixMicroseconds: number;
  /** Seconds since the first request, by a clock that nothing adjusts. */
  now(): Seconds;
  /**
   * Ends it: no new request is sent, votes are sent again for at most ten seconds until they are acknowledged,
   * and requests under way are waited for.
   *
   * @throws Error with what it said when it did not run to its end
   */
  stop(): Promise<GeneratorReport>;
}

/**
 * The generator's path: from the cache, or built now.
 *
 * @throws LabError when it cannot be built
 */
export async function ensureGenerator(say: (text: string) => void): Promise<string> {
  const inputs = [await goVersion(), hostArch(), ...(await sourceInputs(SOURCE))];
  const { folder } = await cached("load", inputs, async (made) => {
    await build("the load generator", "bash", ["build.sh", made], { cwd: SOURCE }, say);
    return "registries";
  });
  return join(folder, "load");
}

/**
 * Starts a load; it is being sent when this is done.
 *
 * @throws Error with what the generator said when it does not start
 */
export async function startLoad(options: LoadOptions): Promise<RunningLoad> {
  const program = options.program ?? (await ensureGenerator(() => undefined));
  const [command, ...args] = [...(options.prefix ?? []), program, ...argumentsOf(options)] as [
    string,
    ...string[],
  ];
  // Asked to end, it waits for votes and answers; who does not wait for it any longer kills it below.
  const child = execa(command, args, { reject: false, forceKillAfterDelay: false });
  const lines = child.iterable()[Symbol.asyncIterator]();
  const next = async <T>(schema: z.ZodType<T>): Promise<T> => {
    const line: IteratorResult<string, unknown> = await lines.next();
    if (line.done === true) {
      const { stderr, shortMessage } = await child;
      throw new Error(`the load generator ended early: ${stderr || (shortMessage ?? "")}`);
    }
    return schema.parse(JSON.parse(line.value));
  };
  const zero = await next(ZERO).catch((error: unknown) => {
    child.kill("SIGKILL");
    throw error;
  });
  const ended = next(REPORT).then(async (report) => {
    await lines.next();
    const { failed, stderr, shortMessage } = await child;
    if (failed) {
      throw new Error(`the load generator failed: ${stderr || (shortMessage ?? "")}`);
    }
    return report;
  });
  let isOver = false;
  const over = ended.then(
    () => (isOver = true),
    // Told to whoever asks for the report.
    () => (isOver = true),
  );
  const within = async (seconds: Seconds): Promise<void> => {
    const timer = setTimeout(() => child.kill("SIGKILL"), (seconds + GRACE) * 1000);
    await over;
    clearTimeout(timer);
  };
  const { timeoutSeconds } = options.load;
  return {
    zeroUnixMicroseconds: zero.zeroUnixMicroseconds,
    // Node.js has CLOCK_MONOTONIC here on Linux.
    now: () => Number(process.hrtime.bigint() / 1000n) / 1e6 - zero.zeroMonotonicMicroseconds / 1e6,
    stop: async () => {
      child.kill("SIGTERM");
      await within(DRAIN + timeoutSeconds);
      return ended;
    },
    [Symbol.asyncDispose]: async () => {
      if (!isOver) {
        // Two signals, and two kinds as equal ones that wait become one: votes are given up as well.
        child.kill("SIGTERM");
        child.kill("SIGINT");
        await within(timeoutSeconds);
      }
    },
  };
}

function argumentsOf({ urls, load, visits, seconds }: LoadOptions): string[] {
  return [
    "-attended",
    ...(load.stages === undefined
      ? [`-visits=${load.visitsPerSecond}`]
      : [
          `-stages=${load.stages.map((stage) => `${stage.visitsPerSecond}x${stage.seconds}s`).join(",")}`,
        ]),
    ...(load.connections === "kept" ? ["-kept"] : []),
    `-votes=${load.votesPerSecond}`,
    `-timeout=${load.timeoutSeconds}s`,
    ...(seconds === undefined ? [] : [`-duration=${seconds}s`]),
    `-drain=${DRAIN}s`,
    `-out=${visits}`,
    ...urls,
  ];
}
