/** Reading what a request carries, within limits. */
import type { IncomingMessage } from "node:http";

import { Refusal } from "./poll.ts";

/** Largest body that is looked at, bytes. */
export const BODY_LIMIT = 4096;

/**
 * Most of a refused body that is read and thrown away, so that the refusal reaches a client which
 * is still sending; beyond it the connection is cut.
 */
const DISCARD_LIMIT = 1024 * 1024;

/** Name and value pairs as sent, repeated ones included. */
export type Fields = readonly (readonly [string, string])[];

export type Encoding = "form" | "json";

const TYPES: Readonly<Record<Encoding, string>> = {
  form: "application/x-www-form-urlencoded",
  json: "application/json",
};

/**
 * The fields of a request's body.
 *
 * @throws Refusal 400 for a body that is empty or malformed, 413 when it is larger than
 *   `BODY_LIMIT`, 415 when it is not what `encoding` asks for
 */
export async function readFields(request: IncomingMessage, encoding: Encoding): Promise<Fields> {
  checkType(request, encoding);
  const bytes = await readBytes(request);
  if (bytes.length === 0) {
    throw new Refusal(400, "empty-body", "The request carries no vote.");
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Refusal(400, "not-utf-8", "The request's text is not UTF-8.");
  }
  return encoding === "form" ? [...new URLSearchParams(text)] : jsonFields(text);
}

function checkType(request: IncomingMessage, encoding: Encoding): void {
  const [type, ...parameters] = (request.headers["content-type"] ?? "").toLowerCase().split(";");
  const charset = parameters.map((parameter) => parameter.trim()).filter(Boolean);
  const plain = request.headers["content-encoding"] ?? "identity";
  if (
    type?.trim() !== TYPES[encoding] ||
    charset.some((parameter) => !/^charset="?utf-8"?$/.test(parameter)) ||
    plain !== "identity"
  ) {
    throw new Refusal(415, "wrong-type", `A vote is sent here as ${TYPES[encoding]} in UTF-8.`);
  }
}

async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  return new Promise((resolve, reject) => {
    request.on("data", (part: Buffer) => {
      size += part.length;
      if (size <= BODY_LIMIT) {
        parts.push(part);
        return;
      }
      parts.length = 0;
      const limit = `${BODY_LIMIT} bytes`;
      reject(new Refusal(413, "too-large", `A vote is at most ${limit} long.`));
      if (size > DISCARD_LIMIT) {
        request.destroy();
      }
    });
    request.on("end", () => {
      resolve(Buffer.concat(parts));
    });
    request.on("error", () => {
      reject(new Refusal(400, "cut-off", "The request ended before its body did."));
    });
  });
}

function jsonFields(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Refusal(400, "not-json", "The request's body is not JSON.");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Refusal(400, "not-an-object", "A vote is a JSON object.");
  }
  const fields = Object.entries(value as Record<string, unknown>).map(([name, content]) => {
    if (typeof content !== "string") {
      throw new Refusal(400, "not-a-text", `The field "${name.slice(0, 40)}" is not a text.`);
    }
    return [name, content] as const;
  });
  // JSON.parse keeps the last of repeated names. In a flat object of texts every string of the
  // source is a name or a value: more strings than those kept were repeated.
  const strings = text.match(/"(?:[^"\\]|\\.)*"/g)?.length ?? 0;
  if (strings !== fields.length * 2) {
    throw new Refusal(400, "repeated-field", "A field was sent more than once.");
  }
  return fields;
}
