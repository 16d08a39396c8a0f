/** The one error of the client, and how it finds the field that the server refused. */

/**
 * Why a call failed:
 * - `argument`: refused here, nothing was sent;
 * - `refused`: the server answered with an error status;
 * - `credentials`: the server knows neither the token nor, if there is one, the password;
 * - `unreachable`: no connection, or it broke before the answer was whole;
 * - `timeout`: no whole answer in time;
 * - `answer`: the answer is not what the API promises (not JSON, too large, another shape).
 */
export type FailureKind =
  "argument" | "refused" | "credentials" | "unreachable" | "timeout" | "answer";

/** What is known of a failed call; everything but `kind`, `method`, `path` and `reason` is optional. */
export interface Failure {
  readonly kind: FailureKind;
  /** Empty where no call was made. */
  readonly method: string;
  /** Path and query, with secrets replaced by `…`. */
  readonly path: string;
  /** The API's message, or what went wrong on the way to it; holds no secret. */
  readonly reason: string;
  /** HTTP status, where there was an answer. */
  readonly status?: number | undefined;
  /** The argument at fault, by its name in this library; unset where it is not known. */
  readonly field?: string | undefined;
  /** How often the request was sent. */
  readonly attempts?: number | undefined;
  readonly cause?: unknown;
}

/**
 * A call of the Netmaker API that failed.
 *
 * Its message reads `POST /api/networks: 400: network cidr already in use (addressRange)`. Neither the
 * message nor any property holds a password, a token, a key or a request's body.
 */
export class NetmakerError extends Error {
  readonly kind: FailureKind;
  readonly method: string;
  readonly path: string;
  readonly reason: string;
  readonly status: number | undefined;
  readonly field: string | undefined;
  readonly attempts: number;

  constructor(failure: Failure) {
    super(describe(failure), failure.cause === undefined ? undefined : { cause: failure.cause });
    this.name = "NetmakerError";
    this.kind = failure.kind;
    this.method = failure.method;
    this.path = failure.path;
    this.reason = failure.reason;
    this.status = failure.status;
    this.field = failure.field;
    this.attempts = failure.attempts ?? 0;
  }

  /** The same failure, its field by the name that the caller's users know. */
  withField(field: string): NetmakerError {
    const { kind, method, path, reason, status, attempts, cause } = this;
    return new NetmakerError({ kind, method, path, reason, status, field, attempts, cause });
  }

  /**
   * Whether what the call named does not exist. The API has a 404 for networks alone; elsewhere it
   * says so in the message of a 400 or 500 (database/database.go, logic/enrollmentkey.go).
   */
  get notFound(): boolean {
    return this.status === 404 || (this.kind === "refused" && ABSENT.test(this.reason));
  }
}

const ABSENT =
  /record not found|no result found|could not find any records|no enrollmentkey found|(node|client) not found/;

/** An argument that no call can be made with. */
export function invalidArgument(field: string, reason: string): NetmakerError {
  return new NetmakerError({ kind: "argument", method: "", path: "", reason, field });
}

function describe({ method, path, reason, status, field, attempts }: Failure): string {
  const call = method === "" ? "" : `${method} ${path}: `;
  const code = status === undefined ? "" : `${status}: `;
  const at = field === undefined ? "" : ` (${field})`;
  const tries = (attempts ?? 0) > 1 ? ` [${attempts ?? 0} attempts]` : "";
  return `${call}${code}${reason}${at}${tries}`;
}

/** Rules by which a resource's refusals name a field: first match counts. */
export type FieldRules = readonly (readonly [message: RegExp, field: string])[];

/**
 * The argument that a refusal is about.
 *
 * @param rules what the resource's messages mean
 * @param names the library's name of each field of the request's body
 */
export function fieldAtFault(
  message: string,
  rules: FieldRules,
  names: Readonly<Record<string, string>> = {},
): string | undefined {
  const ruled = rules.find(([pattern]) => pattern.test(message))?.[1];
  if (ruled !== undefined) {
    return ruled;
  }
  // Go's decoder and its validator name the field themselves.
  const named =
    /Go struct field [\w.]*?\.?(\w+) of type/.exec(message)?.[1] ??
    /Field validation for '(\w+)/.exec(message)?.[1]?.toLowerCase();
  return named === undefined ? undefined : (names[named] ?? named);
}
