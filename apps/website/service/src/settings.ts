/** What the website is told by its environment, checked as a whole before it starts. */
import { hostname } from "node:os";

/** Where the ballots are kept. */
export interface DatabaseSettings {
  /** Name or address; a path is the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly user: string;
  /** File that holds the password: read for each new connection, so that it may be replaced. */
  readonly passwordFile: string;
  /** Longest wait for a connection, and again for an answer; milliseconds. */
  readonly timeoutMs: number;
  /** Most connections that one process opens. */
  readonly connections: number;
}

/** The whole of the website's settings. */
export interface Settings {
  /** Address to listen on. */
  readonly host: string;
  readonly port: number;
  /** Name of the pod that answers, shown on the page and in `X-Served-By`. */
  readonly pod: string;
  /** Name of the machine that the pod runs on, shown on the page and in `X-Served-On`. */
  readonly node: string;
  /** Time between the end of readiness and the end of accepting, so that no proxy knocks in vain. */
  readonly drainSeconds: number;
  readonly database: DatabaseSettings;
}

/**
 * Reads the settings from environment variables.
 *
 * | Variable | Default |
 * |---|---|
 * | `HOST` | `0.0.0.0` |
 * | `PORT` | `8080` |
 * | `POD_NAME` | the host's name |
 * | `NODE_NAME` | `unknown` |
 * | `DRAIN_SECONDS` | `5` |
 * | `DATABASE_HOST` | none: must be given |
 * | `DATABASE_PORT` | `5432` |
 * | `DATABASE_NAME` | `poll` |
 * | `DATABASE_USER` | `poll` |
 * | `DATABASE_PASSWORD_FILE` | none: must be given |
 * | `DATABASE_TIMEOUT_MS` | `2000` |
 * | `DATABASE_CONNECTIONS` | `5` |
 *
 * @throws Error naming every variable that is missing or out of its range
 */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const problems: string[] = [];
  const text = (name: string, fallback?: string): string => {
    const value = environment[name] ?? "";
    if (value !== "") {
      return value;
    }
    if (fallback === undefined) {
      problems.push(`${name} must be set`);
    }
    return fallback ?? "";
  };
  const whole = (name: string, fallback: number, min: number, max: number): number => {
    const value = text(name, String(fallback));
    if (!/^\d{1,9}$/.test(value) || Number(value) < min || Number(value) > max) {
      problems.push(`${name} must be a whole number from ${min} to ${max}, not "${value}"`);
    }
    return Number(value);
  };
  const settings: Settings = {
    host: text("HOST", "0.0.0.0"),
    port: whole("PORT", 8080, 0, 65535),
    pod: text("POD_NAME", hostname()),
    node: text("NODE_NAME", "unknown"),
    drainSeconds: whole("DRAIN_SECONDS", 5, 0, 600),
    database: {
      host: text("DATABASE_HOST"),
      port: whole("DATABASE_PORT", 5432, 1, 65535),
      name: text("DATABASE_NAME", "poll"),
      user: text("DATABASE_USER", "poll"),
      passwordFile: text("DATABASE_PASSWORD_FILE"),
      timeoutMs: whole("DATABASE_TIMEOUT_MS", 2000, 100, 60_000),
      connections: whole("DATABASE_CONNECTIONS", 5, 1, 100),
    },
  };
  if (problems.length > 0) {
    throw new Error(`The environment is not complete:\n  - ${problems.join("\n  - ")}`);
  }
  return settings;
}
