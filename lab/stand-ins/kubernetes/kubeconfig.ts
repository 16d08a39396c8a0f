/** From a kubeconfig, as K3s writes it, to what one HTTPS request needs. */
import { isObject, type Json, type JsonObject } from "@fogline/pulumi-kit/json";
import { parseDocument } from "yaml";

import { listAt, objectAt, stringAt } from "./values.ts";

/** How to reach one cluster as one user. Holds key material: never log it. */
export interface ClusterAccess {
  server: string;
  ca: Buffer | undefined;
  cert: Buffer | undefined;
  key: Buffer | undefined;
  token: string | undefined;
}

/** What a kubeconfig may say; all else would change who is reached, or as whom. */
const KNOWN: Readonly<Record<"context" | "cluster" | "user", readonly string[]>> = {
  context: ["cluster", "user"],
  cluster: ["server", "certificate-authority-data"],
  user: ["client-certificate-data", "client-key-data", "token"],
};

/**
 * Reads and resolves a kubeconfig.
 *
 * @param text its content; a path is not supported
 * @throws naming what is missing or unsupported; never quotes the kubeconfig, which holds keys.
 */
export function readKubeconfig(text: string | undefined): ClusterAccess {
  const config = parse(text ?? "");
  const known = (part: keyof typeof KNOWN, name = ""): JsonObject => {
    const found = named(config, part, name);
    if (found === undefined) {
      throw new Error(`the kubeconfig has no ${part} named "${name}"`);
    }
    const unknown = Object.keys(found).find((key) => !KNOWN[part].includes(key));
    if (unknown !== undefined) {
      throw new Error(
        `the kubeconfig's ${part} "${name}" uses "${unknown}", which the kubernetes stand-in does not support (supported: ${KNOWN[part].join(", ")})`,
      );
    }
    return found;
  };
  const context = known("context", stringAt(config, "current-context"));
  const cluster = known("cluster", stringAt(context, "cluster"));
  const user = known("user", stringAt(context, "user"));
  const server = stringAt(cluster, "server");
  if (server === undefined || !/^https?:\/\//.test(server)) {
    throw new Error("the kubeconfig's cluster has no server address starting with https://");
  }
  return {
    server: server.replace(/\/+$/, ""),
    ca: decoded(cluster, "certificate-authority-data"),
    cert: decoded(user, "client-certificate-data"),
    key: decoded(user, "client-key-data"),
    token: stringAt(user, "token"),
  };
}

/**
 * What a kubeconfig says of its active cluster. Undefined where it names none.
 *
 * @throws when a kubeconfig was given and cannot be read
 */
export function activeCluster(text: string | undefined): JsonObject | undefined {
  if (text === undefined) {
    return undefined;
  }
  const config = parse(text);
  const context = named(config, "context", stringAt(config, "current-context"));
  return named(config, "cluster", stringAt(context, "cluster"));
}

function named(config: JsonObject, part: string, name?: string): JsonObject | undefined {
  const found = listAt(config, `${part}s`).find((entry) => entry["name"] === name);
  return found && objectAt(found, part);
}

function decoded(part: JsonObject, key: string): Buffer | undefined {
  const data = stringAt(part, key);
  return data === undefined ? undefined : Buffer.from(data, "base64");
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
    throw new Error(
      "the kubeconfig is not a mapping of clusters, users and contexts; the kubernetes stand-in supports its content only, not a path",
    );
  }
  return config;
}
