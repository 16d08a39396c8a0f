/** A device's SSH server: its host key, and a login that trusts that key alone. */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { readPublicKey } from "../config/ssh-key.ts";
import type { Run } from "./command.ts";
import { failed, GuideError } from "./error.ts";

/** Where a device is reached. */
export interface Place {
  readonly user: string;
  readonly host: string;
  readonly port: number;
}

/** Seconds that a device may take to answer. */
const ANSWER = 10;

/** Reads `user@host[:port]`; undefined where it is none. */
export function parsePlace(text: string): Place | undefined {
  const [, user = "", host = "", port = "22"] =
    /^([a-z_][a-z0-9_-]{0,31})@([A-Za-z0-9.-]+)(?::(\d{1,5}))?$/.exec(text.trim()) ?? [];
  return user === "" || Number(port) < 1 || Number(port) > 65535
    ? undefined
    : { user, host, port: Number(port) };
}

export function writePlace({ user, host, port }: Place): string {
  return port === 22 ? `${user}@${host}` : `${user}@${host}:${port}`;
}

/**
 * Asks a device for its Ed25519 host key, as anybody on the way may answer: a person confirms it.
 *
 * @returns type and base64
 */
export async function readHostKey(run: Run, { host, port }: Place): Promise<string> {
  const off = [
    `look whether ${host} is on and in this network, and whether SSH is enabled there: sudo systemctl enable --now ssh`,
    "give another address with --device=user@host, or do without a device: --device=none",
  ];
  let text: string;
  try {
    const args = ["-T", String(ANSWER), "-t", "ed25519", "-p", String(port), host];
    text = await run("ssh-keyscan", args);
  } catch (error) {
    throw failed(`${host} does not answer on port ${port}`, error, ...off);
  }
  const keys = text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(" ").slice(1, 3).join(" "));
  const [key] = keys;
  if (key === undefined || readPublicKey(key)?.type !== "ssh-ed25519") {
    throw new GuideError(`${host} does not answer on port ${port}, or has no Ed25519 host key`, {
      command: `ssh-keyscan -t ed25519 -p ${port} ${host}`,
      fixes: [...off, "on the device, make missing host keys: sudo ssh-keygen -A"],
    });
  }
  return key;
}

/** A key's fingerprint, as `ssh-keygen -l` shows it. */
export function fingerprint(key: string): string {
  const blob = readPublicKey(key)?.blob ?? Buffer.alloc(0);
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

/** A way in: with the operator's key alone, or, at a terminal, with whatever the device lets its user in by. */
export type Login = "key" | "person";

/** A device that is logged in to; the file with its host key goes when this is disposed of. */
export class Device implements Disposable {
  private readonly folder = mkdtempSync(join(tmpdir(), "fogline-guide-"));

  constructor(
    private readonly run: Run,
    private readonly place: Place,
    hostKey: string,
    private readonly keyPath: string,
  ) {
    const { host, port } = place;
    const name = port === 22 ? host : `[${host}]:${port}`;
    writeFileSync(join(this.folder, "known_hosts"), `${name} ${hostKey}\n`);
  }

  /** The command that runs another on the device, for `run` and for a person to read. */
  args(login: Login, ...words: readonly string[]): string[] {
    const { user, host, port } = this.place;
    const known = join(this.folder, "known_hosts");
    const only =
      login === "key"
        ? ["-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes"]
        : // A password is asked at the terminal, never given here.
          ["-t"];
    return [
      ...["-o", `UserKnownHostsFile=${known}`, "-o", "StrictHostKeyChecking=yes"],
      ...["-o", "HostKeyAlgorithms=ssh-ed25519", "-o", `ConnectTimeout=${ANSWER}`],
      ...["-o", "GlobalKnownHostsFile=/dev/null", ...only, "-i", this.keyPath, "-p", String(port)],
      ...[`${user}@${host}`, ...words],
    ];
  }

  /** Runs a command with the operator's key. */
  async do(command: string): Promise<string> {
    return this.run("ssh", this.args("key", command));
  }

  /** Runs a command as the person at the terminal, who is asked for passwords by the device. */
  async doAsPerson(command: string): Promise<void> {
    await this.run("ssh", this.args("person", command), { isInteractive: true });
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
