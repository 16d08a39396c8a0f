/** Rows of `visits.csv`, as `load/` writes them: one request each, in the order in which they were over. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";

import type { Visit } from "./model.ts";

/** Columns in their order. */
export const COLUMNS = "at,latency,status,error,method,id,pod,node";
/** How many faults of a file are told; it may have as many as it has lines. */
const SHOWN = 10;

/** Seconds with microseconds. */
const SECONDS = /^\d+\.\d{6}$/;
const STATUS = /^(0|[1-9]\d\d)$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether a text is the id of a vote. */
export function isVoteId(text: string): boolean {
  return UUID.test(text);
}

/**
 * The requests of a file.
 *
 * @param path of `visits.csv`, or of one that gzip has packed, whose name then ends in `.gz`
 * @throws Error naming each line that is no row, and what is wrong with it
 */
export async function readVisits(path: string): Promise<Visit[]> {
  const file = createReadStream(path);
  const unpacked = path.endsWith(".gz") ? createGunzip() : undefined;
  // The interface for lines knows nothing of errors of what it reads: they end it, and are told below.
  let failure: Error | undefined;
  const fail = (error: Error): void => {
    failure ??= error;
    lines.close();
  };
  const lines = createInterface({ input: unpacked ?? file, crlfDelay: Infinity });
  file.on("error", fail);
  if (unpacked !== undefined) {
    unpacked.on("error", fail);
    file.pipe(unpacked);
  }
  const visits = await parseVisits(lines, path).catch((error: unknown) => {
    throw failure ?? error;
  });
  if (failure !== undefined) {
    throw failure;
  }
  return visits;
}

/**
 * The requests of the lines of a file.
 *
 * @param name the file's, for errors
 * @throws Error naming each line that is no row, and what is wrong with it
 */
export async function parseVisits(
  lines: AsyncIterable<string> | Iterable<string>,
  name: string,
): Promise<Visit[]> {
  const visits: Visit[] = [];
  const faults: string[] = [];
  let number = 0;
  let wrong = 0;
  const refuse = (fault: string): void => {
    wrong += 1;
    if (wrong <= SHOWN) {
      faults.push(`${name}, line ${number}: ${fault}`);
    }
  };
  for await (const line of lines) {
    number += 1;
    if (number === 1) {
      if (line !== COLUMNS) {
        refuse(`must be the names of the columns, ${COLUMNS}`);
      }
      continue;
    }
    const row = line.split(",");
    const fault = faultOf(row);
    if (fault === undefined) {
      visits.push(visitOf(row));
    } else {
      refuse(fault);
    }
  }
  if (number === 0) {
    number = 1;
    refuse(`must be the names of the columns, ${COLUMNS}: the file is empty`);
  }
  if (wrong > SHOWN) {
    faults.push(`${name}: and ${wrong - SHOWN} lines more`);
  }
  if (faults.length > 0) {
    throw new Error(
      `${faults.join("\n")}\nfix: remove this cell's folder and run the experiment again`,
    );
  }
  return visits;
}

function faultOf(row: readonly string[]): string | undefined {
  const [at = "", latency = "", status = "", error = "", method = "", id = "", pod, node] = row;
  if (row.length !== 8) {
    return `must have 8 fields, not ${row.length}: it may have been cut short`;
  }
  if (row.some((field) => field.includes('"'))) {
    return "must have no quotation marks";
  }
  if (!SECONDS.test(at) || !SECONDS.test(latency)) {
    return `at and latency must be seconds with 6 decimals, not ${at} and ${latency}`;
  }
  if (!STATUS.test(status)) {
    return `status must be 0 or have three digits, not ${status}`;
  }
  if ((status === "0") !== (error !== "")) {
    return `error must say why status is 0, and be empty otherwise; status is ${status}`;
  }
  if (status === "0" && (pod !== "" || node !== "")) {
    return "pod and node must be empty where no answer came";
  }
  if (method !== "GET" && method !== "POST") {
    return `method must be GET or POST, not ${method}`;
  }
  if (method === "GET" ? id !== "" : !isVoteId(id)) {
    return `id must be a UUID of a vote, and empty for a visit; the method is ${method}`;
  }
  return undefined;
}

/** A row without faults. */
function visitOf(row: readonly string[]): Visit {
  const [at, latency, status, error = "", method, id = "", pod = "", node = ""] = row;
  return {
    at: Number(at),
    latency: Number(latency),
    status: Number(status),
    error,
    method: method === "POST" ? "POST" : "GET",
    id,
    pod,
    node,
  };
}
