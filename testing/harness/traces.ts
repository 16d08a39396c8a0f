/**
 * Whether `make down` leaves nothing behind: what is there before a lab is compared with what is there
 * after it.
 * Usage: node --import tsx testing/harness/traces.ts before|after NAME
 *   before  takes the lab down and writes down, as NAME.txt, what is there
 *   after   takes the lab down and prints what came or went since; exit code 1 where anything did
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { execa } from "execa";

import { inotifyInstances } from "../../lab/inotify.ts";
import { MACHINES, PROJECT, RUN } from "../../lab/layout.ts";
import { HOST_RUN } from "../../lab/lock.ts";
import { FOLDER } from "./folder.ts";

/** Programs that only a lab starts, by their command line. */
const PROGRAMS =
  "(systemd-nspawn|wireguard-go|docker-registry|lab/(cli|start|engine|forwarder|services))";
/** Depth below the root of control groups to which a lab makes its own. */
const GROUP_DEPTH = 3;

/** What a lab can leave on a computer, by kind, each as one line. */
export async function traces(): Promise<string[]> {
  const found: Readonly<Record<string, readonly string[]>> = {
    namespace: firstWords(await said("ip", "netns", "list")),
    interface: firstWords(await said("ip", "-brief", "link", "show")),
    mount: lines(readFileSync("/proc/self/mounts", "utf8")).map((line) => line.split(" ")[1] ?? ""),
    cgroup: groups("/sys/fs/cgroup", GROUP_DEPTH),
    folder: [HOST_RUN, dirname(MACHINES), RUN].flatMap(content),
    process: await processes(),
    limit: [`${inotifyInstances()} inotify instances`],
  };
  const sorted = Object.entries(found).flatMap(([kind, names]) =>
    [...names].sort().map((name) => `${kind}: ${name}`),
  );
  // In the order of its rules, which is a part of what they mean.
  const firewall = lines(await said("nft", "list", "ruleset")).map((line) => `firewall: ${line}`);
  return [...sorted, ...firewall];
}

/** Command lines of programs that only a lab starts. */
async function processes(): Promise<string[]> {
  // A zombie holds nothing any more; its parent, init, has only not looked yet.
  const search = ["--runstates", "D,R,S,T", "-a", "-f", PROGRAMS];
  const { stdout, exitCode } = await execa("pgrep", search, { reject: false });
  if (exitCode !== 0 && exitCode !== 1) {
    throw new Error(`pgrep ended with ${String(exitCode)}`);
  }
  return lines(stdout).map((line) => line.replace(/^\d+ /, ""));
}

function groups(folder: string, depth: number): string[] {
  if (depth === 0 || !existsSync(folder)) {
    return [];
  }
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => [
      ...(name.includes("fogline") ? [join(folder, name)] : []),
      ...groups(join(folder, name), depth - 1),
    ]);
}

function content(folder: string): string[] {
  return existsSync(folder)
    ? [folder, ...readdirSync(folder).map((name) => join(folder, name))]
    : [];
}

async function said(command: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await execa(command, args);
  return stdout;
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

function firstWords(text: string): string[] {
  return lines(text).map((line) => line.split(" ")[0] ?? "");
}

/** What came (+) and what went (-), where either is in one list more often than in the other. */
export function changes(before: readonly string[], after: readonly string[]): string[] {
  const missing = (from: readonly string[], of: readonly string[]): string[] => {
    const left = [...of];
    return from.filter((line) => {
      const at = left.indexOf(line);
      return at === -1 || left.splice(at, 1).length === 0;
    });
  };
  return [
    ...missing(before, after).map((line) => `- ${line}`),
    ...missing(after, before).map((line) => `+ ${line}`),
  ];
}

async function main([when, name]: readonly string[]): Promise<number> {
  if ((when !== "before" && when !== "after") || name === undefined) {
    console.error("usage: testing/harness/traces.ts before|after NAME");
    return 2;
  }
  const down = await execa("make", ["--no-print-directory", "down"], {
    cwd: PROJECT,
    stdio: "inherit",
    reject: false,
  });
  if (down.exitCode !== 0) {
    return down.exitCode ?? 1;
  }
  const noted = join(FOLDER, `${name}.txt`);
  const now = await traces();
  if (when === "before") {
    writeFileSync(noted, `${now.join("\n")}\n`);
    return 0;
  }
  const changed = changes(lines(readFileSync(noted, "utf8")), now);
  for (const line of changed) {
    console.log(line);
  }
  return changed.length === 0 ? 0 : 1;
}

if (process.argv[1] === import.meta.filename) {
  process.exitCode = await main(process.argv.slice(2));
}
