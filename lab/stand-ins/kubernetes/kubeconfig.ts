/** From a kubeconfig to what one HTTPS request needs. */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";

import { isObject, type Json, type JsonObject } from "@fogline/pulumi-kit/json";
import { parseDocument } from "yaml";

import { listAt, objectAt, stringAt } from "./values.ts";

/** How to reach one cluster as one user. Holds key material: never log it. */
export interface ClusterAccess {
  server: string;
  /** Namespace of the context; "default" when it names none. */
  namespace: string;
  ca?: string | Buffer;
  cert?: string | Buffer;
  key?: string | Buffer;
  serverName?: string;
  insecure: boolean;
  /** Value of the Authorization header; a function because a token file may be renewed. */
  authorization: () => string | undefined;
}

export interface KubeconfigChoice {
  /** Content or path; absent means $KUBECONFIG or ~/.kube/config, as kubectl does. */
  kubeconfig?: string | undefined;
  context?: string | undefined;
  cluster?: string | undefined;
}

const expand = (path: string): string =>
  path.startsWith("~/") ? join(homedir(), path.slice(2)) : resolve(path);

const isContent = (text: string): boolean =>
  text.includes("\n") || text.trimStart().startsWith("{");

/**
 * Reads and resolves a kubeconfig.
 *
 * @throws naming what is missing or unsupported; never quotes the kubeconfig, which holds keys.
 */
export function readKubeconfig(choice: KubeconfigChoice): ClusterAccess {
  const { text, folder } = locate(choice.kubeconfig);
  const { context, cluster, named } = chosen(parse(text), choice);
  const userName = stringAt(context, "user");
  const user = userName === undefined ? {} : named("users", userName, "user");

  for (const part of ["exec", "auth-provider", "as", "impersonate"]) {
    if (user[part] !== undefined) {
      throw new Error(
        `the kubeconfig's user "${userName ?? ""}" uses "${part}", which the stand-in does not support; use a client certificate or a token`,
      );
    }
  }
  if (cluster["proxy-url"] !== undefined) {
    throw new Error(
      `the kubeconfig's cluster uses "proxy-url", which the stand-in does not support`,
    );
  }
  const server = stringAt(cluster, "server");
  if (server === undefined || !/^https?:\/\//.test(server)) {
    throw new Error("the kubeconfig's cluster has no server address starting with https://");
  }
  const material = (from: JsonObject, name: string): Buffer | undefined => {
    const data = stringAt(from, `${name}-data`);
    const file = stringAt(from, name);
    if (data !== undefined) {
      return Buffer.from(data, "base64");
    }
    return file === undefined
      ? undefined
      : readFileSync(isAbsolute(file) ? file : join(folder, file));
  };
  const ca = material(cluster, "certificate-authority");
  const cert = material(user, "client-certificate");
  const key = material(user, "client-key");
  const serverName = stringAt(cluster, "tls-server-name");
  return {
    server: server.replace(/\/+$/, ""),
    namespace: stringAt(context, "namespace") ?? "default",
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(serverName !== undefined && { serverName }),
    insecure: cluster["insecure-skip-tls-verify"] === true,
    authorization: authorization(user),
  };
}

/**
 * What a kubeconfig says of its active cluster. Undefined where it names none.
 *
 * @throws when a kubeconfig was given and cannot be read
 */
export function activeCluster(choice: KubeconfigChoice): JsonObject | undefined {
  if (choice.kubeconfig === undefined) {
    return undefined;
  }
  const config = parse(locate(choice.kubeconfig).text);
  const { cluster } = chosen(config, choice, () => ({}));
  return Object.keys(cluster).length === 0 ? undefined : cluster;
}

/**
 * The context and the cluster that a choice comes to, and how other parts are found by their names.
 *
 * @param missing what stands for a part that is not there; default: it is an error
 */
function chosen(
  config: JsonObject,
  choice: KubeconfigChoice,
  missing = (part: string, name = ""): JsonObject => {
    throw new Error(`the kubeconfig has no ${part} named "${name}"`);
  },
) {
  const named = (list: string, name: string | undefined, part: string): JsonObject => {
    const found = listAt(config, list).find((entry) => entry["name"] === name);
    return found === undefined ? missing(part, name) : objectAt(found, part);
  };
  const current = choice.context ?? stringAt(config, "current-context");
  const context = named("contexts", current, "context");
  const cluster = named("clusters", choice.cluster ?? stringAt(context, "cluster"), "cluster");
  return { context, cluster, named };
}

function locate(kubeconfig: string | undefined): { text: string; folder: string } {
  if (kubeconfig !== undefined && kubeconfig !== "" && isContent(kubeconfig)) {
    return { text: kubeconfig, folder: process.cwd() };
  }
  const candidates =
    kubeconfig === undefined || kubeconfig === ""
      ? [...(process.env["KUBECONFIG"]?.split(":") ?? []), "~/.kube/config"]
      : [kubeconfig];
  const path = candidates
    .filter((candidate) => candidate !== "")
    .map(expand)
    .find(existsSync);
  if (path === undefined) {
    throw new Error(`no kubeconfig found at ${candidates.join(" or ")}`);
  }
  return { text: readFileSync(path, "utf8"), folder: dirname(path) };
}

function parse(text: string): JsonObject {
  // prettyErrors would quote the faulty line, and lines of a kubeconfig are keys.
  const document = parseDocument(text, { prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    throw new Error(
      `the kubeconfig is neither YAML nor JSON (${error.code} at character ${error.pos[0]})`,
    );
  }
  const config = document.toJS() as Json;
  if (!isObject(config)) {
    throw new Error("the kubeconfig is not a mapping of clusters, users and contexts");
  }
  return config;
}

function authorization(user: JsonObject): () => string | undefined {
  const token = stringAt(user, "token");
  const tokenFile = stringAt(user, "tokenFile");
  const name = stringAt(user, "username");
  if (tokenFile !== undefined) {
    return () => `Bearer ${readFileSync(tokenFile, "utf8").trim()}`;
  }
  if (token !== undefined) {
    return () => `Bearer ${token}`;
  }
  if (name !== undefined) {
    const pair = `${name}:${stringAt(user, "password") ?? ""}`;
    return () => `Basic ${Buffer.from(pair).toString("base64")}`;
  }
  return () => undefined;
}
