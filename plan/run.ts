/** Starts the process that runs a checkout's program, and reads what it declares. */
import { fork } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { bundleProgram, partsOf, type Runnable } from "./bundle.ts";
import type { Outcome, Task } from "./snapshot.ts";
import { temporaryFolder, untilEnd } from "./temporary.ts";

/**
 * Longest that a program may take, seconds, so that one that hangs ends: it declares its resources in about
 * two on an idle computer, and in minutes on one that is busy.
 */
const LIMIT = 600;
/** Lines of what a failed program printed that an error shows. */
const TAIL = 20;

/** What all runs of one plan share: a temporary key pair, and the key that secrets are hashed with. */
export interface PlanKeys extends Disposable {
  readonly sshKey: string;
  readonly sealKey: string;
  /** A checkout's program as a bundle, which is made once; undefined when it cannot be. */
  readonly bundleOf: (checkout: string) => Promise<Runnable | undefined>;
}

/** The program needs an operator's key; a plan must not need the real one. */
export function createPlanKeys(): PlanKeys {
  const temporary = temporaryFolder("fogline-plan-");
  const sshKey = join(temporary.folder, "id_ed25519");
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  writeFileSync(sshKey, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  const point = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");
  const wire = Buffer.concat(["ssh-ed25519", point].map((part) => lengthBefore(part)));
  writeFileSync(`${sshKey}.pub`, `ssh-ed25519 ${wire.toString("base64")} plan\n`);
  const bundles = new Map<string, Promise<Runnable | undefined>>();
  return {
    sshKey,
    sealKey: randomBytes(16).toString("hex"),
    bundleOf: (checkout) => {
      // What cannot be read is told when its sources are run.
      const bundle =
        bundles.get(checkout) ?? bundleProgram(checkout, temporary.folder).catch(() => undefined);
      bundles.set(checkout, bundle);
      return bundle;
    },
    [Symbol.dispose]: () => {
      temporary[Symbol.dispose]();
    },
  };
}

/** Runs one checkout's program with the settings of a stack. */
export async function runProgram(
  checkout: string,
  stack: string,
  settings: Readonly<Record<string, unknown>>,
  { sshKey, sealKey, bundleOf }: PlanKeys,
): Promise<Outcome> {
  const operator = { ...(settings["operator"] as object | undefined), sshKey };
  const task = { stack, settings: { ...settings, operator }, sealKey };
  const limit = AbortSignal.timeout(LIMIT * 1000);
  const bundle = await bundleOf(checkout);
  const outcome = bundle && (await run(checkout, bundle, task, limit));
  if (outcome !== undefined && (outcome.kind !== "failed" || limit.aborted)) {
    return outcome;
  }
  // Through the loader a failure tells files and lines of the sources.
  const loader = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  const sources: Runnable = {
    child: join(import.meta.dirname, "child.ts"),
    options: ["--import", loader],
    parts: partsOf(checkout),
  };
  return run(checkout, sources, task, limit);
}

function run(
  checkout: string,
  { child: file, options, parts }: Runnable,
  task: Omit<Task, "parts">,
  limit: AbortSignal,
): Promise<Outcome> {
  const child = fork(file, {
    cwd: checkout,
    execArgv: [...options],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const printed: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => printed.push(text));
  }
  // The child ends by itself when this process is gone, but not while its loader starts.
  const held = untilEnd(() => child.kill("SIGKILL"));
  return new Promise((resolve) => {
    let outcome: Outcome | undefined;
    const stop = (): void => {
      outcome = { kind: "failed", message: `the program did not end within ${LIMIT} s` };
      child.kill("SIGKILL");
    };
    limit.addEventListener("abort", stop, { once: true });
    child.once("message", (message) => {
      outcome = message as Outcome;
    });
    child.once("close", (code, signal) => {
      limit.removeEventListener("abort", stop);
      held[Symbol.dispose]();
      const end = printed.join("").trimEnd().split("\n").slice(-TAIL).join("\n");
      const message = `the program ended with ${signal ?? `code ${code ?? "none"}`}\n${end}`;
      resolve(outcome ?? { kind: "failed", message });
    });
    child.send({ ...task, parts } satisfies Task);
  });
}

/** A part of SSH's wire format (RFC 4251, string): its length in four bytes, then itself. */
function lengthBefore(part: string | Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(part.length);
  return Buffer.concat([length, Buffer.from(part)]);
}
