/**
 * Runs a checkout's program under the mock engine, in a process of its own: the SDK holds one
 * program per process. Asks nobody: no credentials, no state, no network.
 */
import "@fogline/pulumi-kit/deferred";

import { pathToFileURL } from "node:url";

import { settled, value, type Registered } from "@fogline/pulumi-kit/mock";
import * as pulumi from "@pulumi/pulumi";

import type { Apps } from "../apps/app.ts";
import { exemptionsOf } from "../apps/exemptions.ts";
import type { Problem } from "../config/problems.ts";
import { mockEngine } from "./engine.ts";
import { seal } from "./seal.ts";
import type { Outcome, Parts, Planned, Task } from "./snapshot.ts";

/** azure-native's types have an alias for every version of Azure's API: nobody's former names. */
const API_VERSION = /\/v\d{8}(preview)?:/;

/** As the engine does: the default export where there is one, else all named ones. */
interface Program extends Record<string, unknown> {
  readonly default?: Record<string, unknown>;
}

async function run(task: Task): Promise<Outcome> {
  const registered = mockEngine(task.settings, {
    stack: task.stack,
    seal: (plain) => seal(plain, task.sealKey),
  });
  // First, as it tells all problems of the settings, those between apps included.
  const { default: program, ...named } = (await load(task.parts.program)) as Program;
  await settled();
  const schema = (await load(task.parts.schema)) as {
    parse(raw: unknown, apps?: unknown): Record<string, unknown>;
  };
  const apps = await appsOf(task.parts);
  const settings = schema.parse(task.settings, apps);
  return {
    kind: "planned",
    snapshot: {
      stack: task.stack,
      settings,
      resources: registered.map(planned).sort((a, b) => (a.urn < b.urn ? -1 : 1)),
      exemptions: exemptionsOf(apps ?? {}),
      outputs: await outputs(program ?? named, task.sealKey),
    },
  };
}

async function appsOf({ apps }: Parts): Promise<Apps | undefined> {
  return apps === undefined ? undefined : ((await load(apps)) as { APPS: Apps }).APPS;
}

function load(file: string): Promise<unknown> {
  return import(pathToFileURL(file).href);
}

function planned({ sealed, aliases, ...rest }: Registered): Planned {
  return { ...rest, aliases: aliases.filter((urn) => !API_VERSION.test(urn)), inputs: sealed };
}

async function outputs(
  program: Readonly<Record<string, unknown>>,
  key: string,
): Promise<Record<string, unknown>> {
  const known = Object.entries(program).map(async ([name, exported]) => {
    const output = pulumi.output(exported);
    const plain = await value(output);
    return [name, (await pulumi.isSecret(output)) ? seal(plain, key) : plain] as const;
  });
  return Object.fromEntries(await Promise.all(known));
}

/** By name, not by class: the checkout that runs has a SettingsError of its own. */
function failure(error: unknown): Outcome {
  if (error instanceof Error && error.name === "SettingsError" && "problems" in error) {
    return { kind: "problems", problems: error.problems as readonly Problem[] };
  }
  const isForeseen = pulumi.RunError.isInstance(error);
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { kind: "failed", message: isForeseen ? error.message : text };
}

function answer(outcome: Outcome): void {
  process.send?.(outcome, () => {
    process.exit();
  });
}

// Who asked is gone: nobody wants the answer.
process.once("disconnect", () => {
  process.exit();
});
// It may have gone while this process was still loading, before anyone listened.
if (!process.connected) {
  process.exit();
}
process.on("uncaughtException", (error) => {
  answer(failure(error));
});
process.once("message", (task: Task) => {
  run(task).then(answer, (error: unknown) => {
    answer(failure(error));
  });
});
