/** Paths of requests, built so that no value can leave its place and no secret can be shown. */
import { invalidArgument, type NetmakerError } from "./error.ts";

/** A value that a path needs but nobody may read: an enrolment key's value opens the network. */
export interface SecretPart {
  readonly secret: string;
}

export function secret(value: string): SecretPart {
  return { secret: value };
}

/** A path with its query. */
export interface Path {
  /** As sent. */
  readonly sent: string;
  /** As errors and logs show it. */
  readonly shown: string;
  /** The secrets in it. */
  readonly secrets: readonly string[];
  /** Why it must not be sent: it would name something else. */
  readonly problem?: NetmakerError;
}

/** A path from a template: `` path`/api/networks/${name}` ``. Every value is percent-encoded. */
export function path(
  texts: TemplateStringsArray,
  ...values: readonly (string | SecretPart)[]
): Path {
  let sent = texts[0] ?? "";
  let shown = sent;
  let problem: NetmakerError | undefined;
  values.forEach((value, i) => {
    const plain = typeof value === "string" ? value : value.secret;
    // Two dots are a step up to every proxy, and no name at all is the path of the whole list.
    if (plain === "" || plain === "." || plain === "..") {
      problem ??= invalidArgument(shown, "must be followed by a name or an id");
    }
    const rest = texts[i + 1] ?? "";
    sent += encodeURIComponent(plain) + rest;
    shown += (typeof value === "string" ? encodeURIComponent(value) : "…") + rest;
  });
  const secrets = values.flatMap((value) => (typeof value === "string" ? [] : [value.secret]));
  return { sent, shown, secrets, ...(problem === undefined ? {} : { problem }) };
}
