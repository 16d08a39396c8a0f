/** Carries calls to the server: bounded, repeated where that is safe, failures as one kind of error. */
import { errorMessage, type Reader } from "./answer.ts";
import type { Clock } from "./clock.ts";
import { fieldAtFault, NetmakerError, type FailureKind, type FieldRules } from "./error.ts";
import { exchange, ExchangeError, type Answer, type Request } from "./exchange.ts";
import type { Path } from "./path.ts";
import { delayBefore, mayRepeat, readRetryAfter, type RetryPolicy, type Setback } from "./retry.ts";

/** One call of the API. */
export interface Call<T> {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: Path;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** What of the body must never be shown. */
  readonly secrets?: readonly string[];
  /** Bearer token; none for the few open paths. */
  readonly token?: string;
  readonly read: Reader<T>;
  /** Whether twice is the same as once; default: every method but POST. */
  readonly idempotent?: boolean;
  /** What the resource's messages say of its fields. */
  readonly rules?: FieldRules;
  /** Why the server may be late with this call, and what helps. */
  readonly late?: string;
  /** The library's names of the body's fields. */
  readonly names?: Readonly<Record<string, string>>;
}

export interface TransportOptions {
  readonly url: URL;
  readonly ca?: string | undefined;
  readonly timeout: number;
  readonly deadline: number;
  readonly maxBytes: number;
  readonly retry: RetryPolicy;
  readonly clock: Clock;
}

/** Characters of an answer's text that an error shows. */
const SHOWN = 300;

export class Transport {
  readonly #options: TransportOptions;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /** The time that deadlines and repetitions go by. */
  get clock(): Clock {
    return this.#options.clock;
  }

  /** Milliseconds that one call may take, repetitions included. */
  get deadline(): number {
    return this.#options.deadline;
  }

  /** @throws NetmakerError */
  async send<T>(call: Call<T>): Promise<T> {
    const { clock, deadline, retry, timeout } = this.#options;
    const end = clock.now() + deadline;
    const idempotent = call.idempotent ?? call.method !== "POST";
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#attempt(call, Math.min(timeout, Math.max(1, end - clock.now())));
      if ("answer" in outcome && isSuccess(outcome.answer)) {
        return read(call, outcome.answer, attempt);
      }
      const setback = setbackOf(outcome);
      const retryAfter =
        "answer" in outcome ? readRetryAfter(outcome.answer.headers["retry-after"]) : undefined;
      const wait = delayBefore(attempt, retry, () => clock.random(), retryAfter);
      if (
        setback === undefined ||
        !mayRepeat(setback, idempotent) ||
        attempt >= retry.attempts ||
        clock.now() + wait >= end
      ) {
        throw failure(call, outcome, attempt);
      }
      await clock.sleep(wait);
    }
  }

  async #attempt(call: Call<unknown>, timeout: number): Promise<Outcome> {
    const { url, ca, maxBytes } = this.#options;
    const request: Request = {
      url: new URL(url.pathname.replace(/\/$/, "") + call.path.sent, url),
      method: call.method,
      headers: {
        Accept: "application/json",
        ...(call.body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(call.token === undefined ? {} : { Authorization: `Bearer ${call.token}` }),
      },
      body: call.body === undefined ? undefined : JSON.stringify(call.body),
      ca,
      timeout,
      maxBytes,
    };
    try {
      return { answer: await exchange(request) };
    } catch (error) {
      if (error instanceof ExchangeError) {
        return { error };
      }
      throw error;
    }
  }
}

type Outcome = { readonly answer: Answer } | { readonly error: ExchangeError };

function isSuccess({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

/** What a failed attempt means for the next one; undefined: there will be none. */
function setbackOf(outcome: Outcome): Setback | undefined {
  if ("answer" in outcome) {
    return { kind: "status", status: outcome.answer.status };
  }
  switch (outcome.error.problem) {
    case "not-sent":
      return { kind: "not-sent" };
    case "broken":
    case "timeout":
      return { kind: "broken" };
    case "untrusted":
    case "too-large":
      return undefined;
  }
}

function read<T>(call: Call<T>, answer: Answer, attempts: number): T {
  try {
    return call.read(answer.body);
  } catch (problem) {
    const reason = problem instanceof Error ? problem.message : String(problem);
    throw new NetmakerError({
      ...at(call),
      kind: "answer",
      reason,
      status: answer.status,
      attempts,
    });
  }
}

function failure(call: Call<unknown>, outcome: Outcome, attempts: number): NetmakerError {
  if ("error" in outcome) {
    const { problem, message, cause } = outcome.error;
    const why = problem === "timeout" && call.late !== undefined ? `; ${call.late}` : "";
    return new NetmakerError({
      ...at(call),
      kind: KINDS[problem],
      reason: `${message}${why}`,
      attempts,
      cause,
    });
  }
  const { status, body } = outcome.answer;
  const reason = withoutSecrets(call, errorMessage(body) ?? foreign(body));
  return new NetmakerError({
    ...at(call),
    kind: status === 401 ? "credentials" : "refused",
    reason,
    status,
    field: fieldAtFault(reason, call.rules ?? [], call.names),
    attempts,
  });
}

const KINDS: Readonly<Record<ExchangeError["problem"], FailureKind>> = {
  "not-sent": "unreachable",
  untrusted: "unreachable",
  broken: "unreachable",
  timeout: "timeout",
  "too-large": "answer",
};

function at(call: Call<unknown>): { method: string; path: string } {
  return { method: call.method, path: call.path.shown };
}

/** An error that did not come from the API: a proxy's page, or the router's plain text. */
function foreign(body: string): string {
  const line = body.replaceAll(/\s+/g, " ").trim();
  return line === "" ? "no message" : line.slice(0, SHOWN);
}

/** A server may repeat what it was sent. */
function withoutSecrets(call: Call<unknown>, message: string): string {
  const secrets = [...call.path.secrets, ...(call.secrets ?? []), call.token ?? ""];
  return secrets
    .filter((secret) => secret !== "")
    .reduce((shown, secret) => shown.replaceAll(secret, "…"), message);
}
