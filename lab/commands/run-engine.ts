/** Runs the engine inside the laptop's namespace and shows what it reports. */
import { join } from "node:path";

import { execa } from "execa";

import { bundle } from "../bundle.ts";
import { ENGINE, writeWorkspace, type Workspace } from "../engine/config.ts";
import { describeChanges, joinAlike, type Failure, type Message } from "../engine/events.ts";
import type { Operation } from "../engine.ts";
import { OUTSIDE } from "../images/build-tools.ts";
import { NAMESPACES, PROJECT } from "../layout.ts";
import { awaitEnd, endSession, readPidFile, stopDaemon, writePidFile } from "../processes.ts";
import { lastLines, LabError, StoppedError, type Say } from "../progress.ts";
import type { Session } from "./session.ts";

const PID = join(ENGINE, "pid");

/** How long an engine that lost its command line may take to leave things in order, in milliseconds. */
const FINISH = 30_000;

/** Ends an engine whose command line died, with its plugins; nothing to do is no error. */
export async function endStrayEngine(patience = 0, say: Say = () => undefined): Promise<void> {
  const stray = readPidFile(PID);
  if (stray !== undefined) {
    say("the engine of a killed command to finish");
    await awaitEnd(stray, patience);
  }
  await stopDaemon(PID);
}

/**
 * Runs one operation of the engine.
 *
 * @param workspace what the engine's workspace is written from; default: it stays as it is
 * @returns what changed, for people
 * @throws LabError naming the resource that failed, its error and its last lines
 * @throws StoppedError after Ctrl-C
 */
export async function runEngine(
  operation: Operation,
  { progress, interrupt }: Session,
  say: Say,
  workspace?: Workspace,
): Promise<string> {
  await endStrayEngine(FINISH, say);
  if (workspace !== undefined) {
    writeWorkspace(workspace);
  }
  const program = await bundle("lab/engine.ts");
  const deferred = await bundle("packages/pulumi-kit/deferred.ts");
  const engine = execa(
    "nsenter",
    [
      ...[`--net=/run/netns/${NAMESPACES.laptop}`, process.execPath],
      ...["--import", deferred, program, operation],
    ],
    // A session of its own keeps the terminal's Ctrl-C from killing engine and plugins half-way.
    {
      ...{ cwd: PROJECT, detached: true, reject: false, stdin: "pipe", cleanup: false },
      env: { [OUTSIDE]: `/proc/${process.pid}/ns/net` },
    },
  );
  const pid = engine.pid;
  if (pid === undefined) {
    throw new Error((await engine).shortMessage ?? "the engine did not start");
  }
  writePidFile(PID, pid);
  let changes = "nothing to do";
  let failed: Extract<Message, { kind: "failed" }> | undefined;
  return interrupt.during(
    { ask: () => void engine.kill("SIGINT"), force: () => endSession(pid) },
    async () => {
      for await (const line of engine.iterable()) {
        const message = read(line);
        if (message.kind === "waits") {
          say(message.text);
        } else if (message.kind === "note") {
          progress.note(message.text);
        } else if (message.kind === "summary") {
          changes = describeChanges(message.changes, operation === "preview");
        } else {
          failed = message;
        }
      }
      const result = await engine;
      if (interrupt.asked) {
        throw new StoppedError(operation === "destroy" ? "down" : operation);
      }
      if (failed !== undefined) {
        throw describeFailure(operation, failed);
      }
      if (result.failed) {
        throw new LabError(
          "engine",
          operation,
          lastLines(result.stderr === "" ? (result.shortMessage ?? "") : result.stderr, 30),
          "run the command again; it continues",
        );
      }
      return changes;
    },
  );
}

/** A line that is no message comes from the program itself and is shown as it is. */
function read(line: string): Message {
  try {
    const message = JSON.parse(line) as unknown;
    if (typeof message === "object" && message !== null && "kind" in message) {
      return message as Message;
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) {
      throw error;
    }
  }
  return { kind: "note", text: line };
}

function describeFailure(
  operation: Operation,
  failed: Extract<Message, { kind: "failed" }>,
): LabError {
  const failures = joinAlike(failed.failures);
  const [first] = failures;
  if (first === undefined) {
    return new LabError("engine", operation, failed.output, "run the command again; it continues");
  }
  return new LabError(
    failures.map(describeWhere).join(", "),
    `${operation} (${first.step})`,
    failures.map(describeOne).join("\n\n"),
    `make logs ARGS=<machine> shows a machine's journal; make ${operation === "destroy" ? "down" : operation} continues from here`,
  );
}

function describeWhere({ where, others }: { where: string; others: number }): string {
  return others === 0 ? where : `${where} and ${others} more`;
}

function describeOne({ urn, error, lines }: Failure): string {
  // An error often repeats what the resource printed; once is enough.
  const printed = lines.split("\n").filter((line) => !error.includes(line.trim()));
  const tail = printed.length === 0 ? "" : `last lines:\n${printed.join("\n")}`;
  return [urn, shorten(error), tail].filter((text) => text !== "").join("\n");
}

/** A long output's beginning, which names the step, and its end, which has the reason. */
function shorten(text: string): string {
  const lines = text.split("\n");
  const [head, tail] = [10, 30];
  return lines.length <= head + tail
    ? text
    : [...lines.slice(0, head), "…", ...lines.slice(-tail)].join("\n");
}
