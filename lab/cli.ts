/**
 * The lab's command line; the Makefile calls it.
 *
 * Usage: node lab/start.mjs up | down [--destroy] | status | preview |
 *        logs [app|machine] [--follow] [--lines=100] | kubectl <arguments> |
 *        network [--svg=FILE] | cis |
 *        drain | undrain --node=NAME [--stop | --leave] [--minutes=10] |
 *        cis                                the checks of the CIS benchmark on the cluster
  dashboard [--role=viewer|operator] [--minutes=60] [--port=4466]
 */
import { parseArgs } from "node:util";

import { LockedError } from "./lock.ts";
import { LabError, StoppedError } from "./progress.ts";

const USAGE = `usage: lab/start.mjs <command>
  up                                 build the lab or bring it up to date; prints the URL
  preview                            show what up would change
  status                             nodes, pods, URL, share of requests per pod
  logs [app|machine] [--follow] [--lines=100]
                                     an app's logs (the website's without a name), or a machine's journal
  kubectl <arguments>                kubectl against the lab's cluster
  network [--svg=FILE]               the overlay's members, and a diagram of them
  dashboard [--role=viewer|operator] [--minutes=60] [--port=4466]
                                     the cluster's dashboard on this computer, and a token for it
  drain --node=NAME [--stop | --leave] [--minutes=10]
                                     move a node's pods away; it takes no more
  undrain --node=NAME                have it take pods again
  down [--destroy]                   leave nothing behind; --destroy runs the program's own first
`;

const COMMANDS = [
  "up",
  "preview",
  "status",
  "logs",
  "kubectl",
  "network",
  "cis",
  "dashboard",
  "drain",
  "undrain",
  "down",
];

async function main([command, ...rest]: readonly string[]): Promise<number> {
  if (command !== undefined && COMMANDS.includes(command) && process.getuid?.() !== 0) {
    // Without root nothing works; the check names that together with whatever else is missing.
    await (await import("./preflight.ts")).preflight(() => undefined);
  }
  // Each command is loaded when it is asked for: a status must not wait for what `up` needs.
  switch (command) {
    case "up": {
      refuseArguments(rest);
      return (await import("./commands/up.ts")).up();
    }
    case "preview": {
      refuseArguments(rest);
      return (await import("./commands/preview.ts")).preview();
    }
    case "status": {
      refuseArguments(rest);
      return (await import("./commands/status.ts")).status();
    }
    case "down": {
      const { values } = parseArgs({ args: rest, options: { destroy: { type: "boolean" } } });
      return (await import("./commands/down.ts")).down({ destroy: values.destroy ?? false });
    }
    case "logs": {
      const { values, positionals } = parseArgs({
        args: rest,
        options: { follow: { type: "boolean" }, lines: { type: "string", default: "100" } },
        allowPositionals: true,
      });
      const lines = Number.parseInt(values.lines, 10);
      if (!(lines >= 0)) {
        throw new UsageError(`--lines=${values.lines} is no number`);
      }
      const [machine] = positionals;
      return (await import("./commands/logs.ts")).logs({
        of: machine,
        follow: values.follow ?? false,
        lines,
      });
    }
    case "kubectl":
      return (await import("./commands/kubectl.ts")).kubectl(rest);
    case "network": {
      const { values } = parseArgs({ args: rest, options: { svg: { type: "string" } } });
      return (await import("./commands/overlay.ts")).overlay(values.svg);
    }
    case "cis": {
      refuseArguments(rest);
      return (await import("./commands/cis.ts")).cis();
    }
    case "drain":
    case "undrain": {
      const { OPTIONS } = await import("../maintenance/options.ts");
      const { values } = parseArgs({ args: [...rest], options: OPTIONS });
      return (await import("./commands/maintenance.ts")).maintenance(command, values);
    }
    case "dashboard": {
      const { OPTIONS } = await import("../apps/dashboard/open.ts");
      const { values } = parseArgs({ args: [...rest], options: OPTIONS });
      return (await import("./commands/dashboard.ts")).dashboard(values);
    }
    default:
      throw new UsageError(command === undefined ? "no command" : `unknown command ${command}`);
  }
}

class UsageError extends Error {}

function refuseArguments(rest: readonly string[]): void {
  parseArgs({ args: [...rest], options: {} });
}

function report(error: unknown): number {
  const isUsage =
    error instanceof UsageError ||
    (error instanceof TypeError &&
      String((error as NodeJS.ErrnoException).code).startsWith("ERR_PARSE"));
  if (isUsage) {
    process.stderr.write(`${error.message}\n${USAGE}`);
    return 2;
  }
  if (error instanceof LabError || error instanceof LockedError) {
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
  if (error instanceof StoppedError) {
    process.stderr.write(`${error.message}\n`);
    return 130;
  }
  // Not foreseen: the trace is what helps whoever looks into it.
  process.stderr.write(
    `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // Other phases may still run after one failed; they end with this process.
  process.exit(report(error));
}
