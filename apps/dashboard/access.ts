/**
 * The way to the dashboard: a port of this computer that leads through the API server to its pod, and
 * a token that ends by itself. Nothing in the cluster is opened for it.
 */
import { execa, type ExecaError } from "execa";

import { NAME } from "./manifests.ts";
import { HTTP } from "./pod.ts";
import { ACCOUNTS, NAMESPACE, type DashboardRole } from "./roles.ts";

/** What to open. */
export interface Access {
  /** kubectl with all that it needs to find the cluster, e.g. `["kubectl", "--kubeconfig=…"]`. */
  readonly kubectl: readonly [string, ...string[]];
  readonly role: DashboardRole;
  /** Life of the token, minutes; Kubernetes gives none for less than 10. */
  readonly minutes: number;
  /** Port of 127.0.0.1; 0 takes a free one. */
  readonly port: number;
}

/** An open way; closed when `ended` is done. */
export interface Opened {
  readonly url: string;
  /** A secret: whoever holds it has the role until `expires`. */
  readonly token: string;
  readonly expires: Date;
  /** Done after `close`; fails when the connection to the pod is lost. */
  readonly ended: Promise<void>;
  readonly close: () => void;
}

/** Told to the person at the terminal, without a trace. */
export class DashboardError extends Error {}

/** Seconds that the API server may take for one answer, and a port for its first. */
const PATIENCE = 30;

/**
 * Opens the dashboard.
 *
 * @throws DashboardError when the cluster does not answer, has no dashboard, or the port is taken
 */
export async function openDashboard(access: Access): Promise<Opened> {
  const found = await ask(access, ["get", "service", NAME, "--ignore-not-found", "--output=name"]);
  if (found === "") {
    throw new DashboardError(
      "this stack has no dashboard\nfix: set fogline:dashboard.kind to headlamp, then bring the stack up",
    );
  }
  const way = await forward(access);
  try {
    const duration = `--duration=${access.minutes}m`;
    const token = await ask(access, ["create", "token", ACCOUNTS[access.role], duration]);
    return { ...way, token, expires: expiry(token) };
  } catch (error) {
    way.close();
    await way.ended.catch(() => undefined);
    throw error;
  }
}

/** When a token ends: the API server may have given less than was asked for. */
export function expiry(token: string): Date {
  const payload = Buffer.from(token.split(".")[1] ?? "", "base64url").toString();
  const { exp } = JSON.parse(payload) as { exp: number };
  return new Date(exp * 1000);
}

async function ask({ kubectl }: Access, args: readonly string[]): Promise<string> {
  const [program, ...first] = kubectl;
  const bounded = [`--namespace=${NAMESPACE}`, `--request-timeout=${PATIENCE}s`];
  try {
    const { stdout } = await execa(program, [...first, ...args, ...bounded], {
      timeout: 2 * PATIENCE * 1000,
    });
    return stdout.trim();
  } catch (error) {
    throw new DashboardError(`kubectl ${args.slice(0, 2).join(" ")}: ${said(error)}`);
  }
}

async function forward({
  kubectl,
  port,
}: Access): Promise<Pick<Opened, "url" | "ended" | "close">> {
  const [program, ...first] = kubectl;
  const target = [`service/${NAME}`, `${port === 0 ? "" : port}:${HTTP}`];
  const bounds = [`--namespace=${NAMESPACE}`, `--pod-running-timeout=${PATIENCE}s`];
  const child = execa(
    program,
    [...first, "port-forward", "--address=127.0.0.1", ...bounds, ...target],
    { stdin: "ignore", forceKillAfterDelay: 5000 },
  );
  let isClosed = false;
  const lost = (why: string): void => {
    if (!isClosed) {
      throw new DashboardError(`kubectl port-forward: ${why}`);
    }
  };
  const ended = child.then(
    () => {
      lost("ended by itself\nfix: open the dashboard again");
    },
    (error: unknown) => {
      lost(said(error));
    },
  );
  const close = (): void => {
    isClosed = true;
    child.kill();
  };
  const late = new Promise<never>((_, reject) => {
    const timer = setTimeout(
      () => {
        reject(new DashboardError(`kubectl port-forward opened no port within ${2 * PATIENCE} s`));
      },
      2 * PATIENCE * 1000,
    );
    child.once("exit", () => {
      clearTimeout(timer);
    });
    child.stdout.once("data", () => {
      clearTimeout(timer);
    });
  });
  const opened = new Promise<string>((resolve) => {
    let text = "";
    child.stdout.on("data", (part: Buffer) => {
      text += part.toString();
      const line = /Forwarding from 127\.0\.0\.1:(\d+)/.exec(text);
      if (line !== null) {
        resolve(`http://127.0.0.1:${line[1] ?? ""}/`);
      }
    });
  });
  try {
    // `ended` without a port can only have failed.
    const url = await Promise.race([opened, late, ended.then(() => "")]);
    return { url, ended, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** kubectl's own words, where it had any. */
function said(error: unknown): string {
  const { stderr, shortMessage } = error as ExecaError;
  return typeof stderr === "string" && stderr.trim() !== "" ? stderr.trim() : shortMessage;
}
