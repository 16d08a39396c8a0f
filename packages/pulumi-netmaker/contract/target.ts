/** Which server the contract is tried on, from the environment. */
import { readFileSync } from "node:fs";

import type { Credentials } from "../api/index.ts";

export interface Target {
  readonly url: string;
  /** PEM of the authority that signed the server's certificate; unset: a well-known one. */
  readonly ca: string | undefined;
  /** What the suite works with: the user where there is one. */
  readonly credentials: Credentials;
  readonly user: { readonly username: string; readonly password: string } | undefined;
  readonly masterKey: string | undefined;
}

export const USAGE = `
  NETMAKER_URL              where the API is, e.g. https://api.netmaker.example.com
  NETMAKER_CA               file with the authority (PEM), if it is no well-known one
  NETMAKER_USER             a super-admin; made by the suite on a server that has none
  NETMAKER_PASSWORD_FILE    file with the user's password
  NETMAKER_MASTER_KEY_FILE  file with the server's master key; instead of the user, or beside it
Without a user the cases that create ACL rules are skipped: the API wants a user for them.`;

/** @throws Error that lists every problem, and the settings there are */
export function readTarget(env: Readonly<Record<string, string | undefined>>): Target {
  const problems: string[] = [];
  const file = (name: string): string | undefined => {
    const path = env[name] ?? "";
    if (path === "") {
      return undefined;
    }
    try {
      return readFileSync(path, "utf8").trim();
    } catch (error) {
      problems.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  };
  const url = env["NETMAKER_URL"] ?? "";
  if (url === "") {
    problems.push("NETMAKER_URL is not set: it names the server that the suite tries");
  }
  const ca = file("NETMAKER_CA");
  const username = env["NETMAKER_USER"] ?? "";
  const password = file("NETMAKER_PASSWORD_FILE");
  const masterKey = file("NETMAKER_MASTER_KEY_FILE");
  if ((username === "") !== (password === undefined)) {
    problems.push("NETMAKER_USER and NETMAKER_PASSWORD_FILE go together");
  }
  const user = username === "" || password === undefined ? undefined : { username, password };
  const credentials = user ?? (masterKey === undefined ? undefined : { masterKey });
  if (credentials === undefined) {
    problems.push("no credentials: set NETMAKER_USER with its file, or NETMAKER_MASTER_KEY_FILE");
  }
  if (credentials === undefined || problems.length > 0) {
    throw new Error(`The contract suite cannot start.\n- ${problems.join("\n- ")}\n${USAGE}`);
  }
  return { url, ca, credentials, user, masterKey };
}
