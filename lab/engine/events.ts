/** Turns the engine's stream of events into what a person wants to know while it works. */
import type { EngineEvent, StepEventMetadata } from "@pulumi/pulumi/automation/events.js";

import { duration, lastLines } from "../progress.ts";

/** What the engine process reports to the command line, one JSON object a line. */
export type Message =
  | { readonly kind: "waits"; readonly text: string }
  | { readonly kind: "note"; readonly text: string }
  | { readonly kind: "summary"; readonly changes: Readonly<Record<string, number>> }
  | { readonly kind: "failed"; readonly failures: readonly Failure[]; readonly output: string };

/** One resource that failed. */
export interface Failure {
  /** Name of the resource, or `program`. */
  readonly where: string;
  readonly urn: string;
  readonly step: string;
  readonly error: string;
  /** The last lines that the resource printed before. */
  readonly lines: string;
}

/** Failures with those that say the same counted into the first: a cluster that is away fails all. */
export function joinAlike(failures: readonly Failure[]): (Failure & { readonly others: number })[] {
  const joined: (Failure & { others: number })[] = [];
  for (const failure of failures) {
    const { step, error } = failure;
    const alike = joined.find((other) => other.step === step && other.error === error);
    if (alike === undefined || error === "") {
      joined.push({ ...failure, others: 0 });
    } else {
      alike.others += 1;
    }
  }
  return joined;
}

interface Running {
  readonly operation: string;
  readonly since: number;
}

const VERBS: Readonly<Record<string, string>> = {
  create: "creating",
  "create-replacement": "creating anew",
  update: "updating",
  delete: "deleting",
  "delete-replaced": "deleting the old",
  read: "reading",
  refresh: "reading",
  replace: "replacing",
};

const PAST: Readonly<Record<string, string>> = {
  create: "created",
  update: "updated",
  delete: "deleted",
  replace: "replaced",
  refresh: "refreshed",
  import: "imported",
};

/** Follows an operation by its events. */
export class Tracker {
  readonly #running = new Map<string, Running>();
  readonly #lines = new Map<string, string[]>();
  readonly #errors = new Map<string, string[]>();
  readonly #failed = new Map<string, string>();
  readonly #warned = new Set<string>();
  #finished = 0;

  /** The program's outputs as the events showed them, secrets masked. */
  outputs: Readonly<Record<string, unknown>> = {};

  constructor(
    private readonly send: (message: Message) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Takes one event. */
  take(event: EngineEvent): void {
    const { diagnosticEvent, resourcePreEvent, resOutputsEvent, resOpFailedEvent } = event;
    if (resourcePreEvent !== undefined) {
      this.#start(resourcePreEvent.metadata);
    }
    if (resOutputsEvent !== undefined && isStack(resOutputsEvent.metadata.urn)) {
      this.outputs = resOutputsEvent.metadata.new?.outputs ?? this.outputs;
    }
    if (resOutputsEvent !== undefined && this.#running.delete(resOutputsEvent.metadata.urn)) {
      this.#finished += 1;
      this.#tell();
    }
    if (resOpFailedEvent !== undefined) {
      const { urn, op } = resOpFailedEvent.metadata;
      this.#running.delete(urn);
      this.#failed.set(urn, VERBS[op] ?? op);
    }
    if (diagnosticEvent !== undefined) {
      this.#diagnose(diagnosticEvent);
    }
    if (event.summaryEvent !== undefined) {
      this.send({ kind: "summary", changes: event.summaryEvent.resourceChanges });
    }
  }

  /** Reports the running steps again, so that the displayed times advance. */
  tick(): void {
    this.#tell();
  }

  /** What failed; what is about the whole program comes last. */
  failures(): Failure[] {
    const urns = [...new Set([...this.#failed.keys(), ...this.#errors.keys()])];
    return urns
      .sort((a, b) => Number(isStack(a)) - Number(isStack(b)))
      .map((urn) => ({
        where: isStack(urn) ? "program" : nameOf(urn),
        urn,
        step: this.#failed.get(urn) ?? "running",
        error: (this.#errors.get(urn) ?? []).join("\n"),
        lines: isStack(urn) ? "" : lastLines((this.#lines.get(urn) ?? []).join("\n")),
      }));
  }

  #start({ urn, op, type, old, new: next }: StepEventMetadata): void {
    // A component is open as long as its parts are made, and says nothing that they do not.
    const isReal = next?.custom === true || old?.custom === true;
    if (op === "same" || !isReal || type.startsWith("pulumi:")) {
      return;
    }
    this.#running.set(urn, { operation: VERBS[op] ?? op, since: this.now() });
    this.#tell();
  }

  #diagnose(event: NonNullable<EngineEvent["diagnosticEvent"]>): void {
    const urn = event.urn ?? "";
    const text = plain(event.message).trim();
    if (text === "") {
      return;
    }
    if (event.severity === "error") {
      // That the whole failed because a part did is no news.
      if (isStack(urn) && /^(update|preview|destroy) failed$/.test(text)) {
        return;
      }
      this.#errors.set(urn, [...(this.#errors.get(urn) ?? []), text]);
    } else if (event.severity === "warning" && event.ephemeral !== true) {
      // A cluster that is away has each of its objects say so.
      if (!this.#warned.has(text)) {
        this.#warned.add(text);
        this.send({ kind: "note", text: `warning: ${nameOf(urn)}: ${text}` });
      }
    } else {
      // Temporary, warnings included: what is not ready yet, or was amiss once. It is told with
      // the failure where there is one.
      this.#lines.set(urn, [...(this.#lines.get(urn) ?? []).slice(-50), ...text.split("\n")]);
      this.#tell();
    }
  }

  /** The longest wait is the one to name: what is slow is what people ask about. */
  #tell(): void {
    const oldest = [...this.#running].sort(([, a], [, b]) => a.since - b.since)[0];
    if (oldest === undefined) {
      return;
    }
    const [urn, { operation, since }] = oldest;
    const said = this.#lines.get(urn)?.at(-1);
    const others = this.#running.size - 1;
    this.send({
      kind: "waits",
      text: [
        `${operation} ${nameOf(urn)} (${duration(this.now() - since)})`,
        ...(said === undefined ? [] : [`: ${said}`]),
        ...(others > 0 ? [`, ${others} more at work`] : []),
        `, ${this.#finished} done`,
      ].join(""),
    });
  }
}

/** Name of a resource as the program gave it. */
export function nameOf(urn: string): string {
  return urn === "" ? "engine" : (urn.split("::").at(-1) ?? urn);
}

/** Counts of a summary for people, e.g. `3 created, 12 unchanged`; of a plan, `3 to create, …`. */
export function describeChanges(
  changes: Readonly<Record<string, number>>,
  planned = false,
): string {
  const word = (operation: string): string => {
    if (operation === "same") {
      return "unchanged";
    }
    return planned ? `to ${operation}` : (PAST[operation] ?? operation);
  };
  const parts = Object.entries(changes).filter(([, count]) => count > 0);
  return parts.length === 0
    ? "nothing to do"
    : parts.map(([operation, count]) => `${count} ${word(operation)}`).join(", ");
}

function isStack(urn: string): boolean {
  return urn === "" || urn.includes("::pulumi:pulumi:Stack::");
}

/** Text without the engine's colour marks. */
function plain(text: string): string {
  // eslint-disable-next-line no-control-regex -- terminal escapes start with this very character
  return text.replaceAll(/<\{%[^%]*%\}>/g, "").replaceAll(/\u001b\[[0-9;]*m/g, "");
}
