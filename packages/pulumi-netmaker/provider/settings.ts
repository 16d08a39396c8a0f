/** The provider's own settings: which server, and who asks it. */
import { unwrap, type Problem, type Properties } from "@fogline/pulumi-kit/values";
import { z } from "zod";

import type { ClientOptions } from "../api/index.ts";
import { knownProblems } from "./problems.ts";

const SECONDS = "must be a number of seconds from 1 to 600";

const settings = z
  .strictObject({
    url: z.url({ protocol: /^https?$/, error: "must be a URL like https://api.example.com" }),
    username: z.string().optional(),
    password: z.string().optional(),
    masterKey: z.string().optional(),
    ca: z.string().startsWith("-----BEGIN", "must be certificates in PEM form").optional(),
    version: z.string().optional(),
    // The engine passes the provider's own settings as strings.
    timeout: z.coerce.number(SECONDS).int(SECONDS).min(1, SECONDS).max(600, SECONDS).optional(),
  })
  .superRefine(({ username, password, masterKey }, context) => {
    const asUser = username !== undefined && password !== undefined;
    if (!asUser && masterKey === undefined) {
      context.addIssue({
        code: "custom",
        path: [username === undefined ? "username" : "password"],
        message: "is missing: give username and password, or masterKey",
      });
    }
  });

/** What is wrong with the settings as far as they are known. */
export function settingsProblems(given: Properties): Problem[] {
  return knownProblems(settings, given);
}

/** How a client is made of settings; undefined while one of them is not known. */
export function clientOptions(given: Properties): ClientOptions | undefined {
  const parsed = settings.safeParse(unwrap(given));
  if (!parsed.success || knownProblems(settings, given).length > 0) {
    return undefined;
  }
  const { url, username, password, masterKey, ca, timeout } = parsed.data;
  const credentials =
    masterKey !== undefined && username === undefined
      ? { masterKey }
      : { username: username ?? "", password: password ?? "" };
  const patience =
    timeout === undefined ? {} : { timeout: timeout * 1000, deadline: timeout * 4000 };
  return { url, credentials, ca, ...patience };
}
