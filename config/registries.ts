/** Logins to image registries, `fogline:k3s.registries`. Pure. */
import { X509Certificate } from "node:crypto";

import { z } from "zod";

import type { Known } from "./known.ts";
import type { Problem } from "./problems.ts";

/** How images begin that a registry holds: host, and port where it is not HTTPS' own. */
const REGISTRY = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?$/;
/** Hosts of Docker Hub, whose images are named otherwise. */
const DOCKER_HUB = ["index.docker.io", "registry-1.docker.io", "hub.docker.com"];

const registryName = z.string().superRefine((name, context) => {
  const message = nameProblem(name);
  if (message !== undefined) {
    context.addIssue({ code: "custom", message });
  }
});

function nameProblem(name: string): string | undefined {
  if (name === "*") {
    return "would tell every registry one password|name each registry that asks for a login";
  }
  if (DOCKER_HUB.includes(name)) {
    return "is a host of Docker Hub, whose images begin with docker.io|write docker.io";
  }
  // Without a period or a colon it would be a part of an image's name on Docker Hub.
  return REGISTRY.test(name) && /[.:]/.test(name)
    ? undefined
    : "must be a registry's name, as images begin with it|write it like ghcr.io or registry.fog.io:5000, without https:// and without a path";
}

/** Control characters stand in no password, and K3s cannot pass all of them on to containerd. */
const isOneLine = (value: string): boolean => !/\p{Cc}/u.test(value);

const USERNAME = "must be the name that logs in|write it as text, in quotes if it is a number";
const PASSWORD =
  "must be a password or a token|run `pulumi config set --secret --path` for it, which asks for the value";
const MANY_LINES = "has a line's end or another control character|write it without";

const entry = z.strictObject({
  username: z
    .string({ error: USERNAME })
    .min(1, { error: USERNAME })
    .refine(isOneLine, { error: MANY_LINES })
    // RFC 7617, section 2: what is before the first colon is the name.
    .refine((value) => !value.includes(":"), {
      error: "has a colon, which no login's name has|write the name alone",
    })
    .optional(),
  password: z
    .string({ error: PASSWORD })
    .min(1, { error: PASSWORD })
    .refine(isOneLine, { error: MANY_LINES })
    .optional(),
  ca: z
    .string({ error: "must be certificates in PEM|write the certificate's text" })
    .superRefine((text, context) => {
      const message = authorityProblem(text);
      if (message !== undefined) {
        context.addIssue({ code: "custom", message });
      }
    })
    .optional(),
});

function authorityProblem(text: string): string | undefined {
  if (text.includes("PRIVATE KEY")) {
    return "holds a private key, which must stay with its owner|write the certificate alone";
  }
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) {
    return "must be certificates in PEM|write the certificate's text, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----";
  }
  return blocks.every(isCertificate)
    ? undefined
    : "is no whole certificate: it is cut short or was changed|copy it anew, each line of it";
}

function isCertificate(block: string): boolean {
  try {
    new X509Certificate(block);
    return true;
  } catch {
    // Not to be parsed: that is the answer asked for.
    return false;
  }
}

/** Logins and certificate authorities by registry. */
export const registries = z.record(registryName, entry).default({}).meta({
  description:
    "logins to private registries, by registry: `{username, password, ca}` (`docs/images.md`)",
  without: "none",
});

/** Logins and certificate authorities by registry, as images name it. */
export type Registries = Readonly<z.output<typeof registries>>;

/** Whether the value at a problem's path is a secret, which no message may hold. */
export function isSecretPath(path: string): boolean {
  return /^fogline:k3s\.registries\..*\.password$/.test(path);
}

/** The command that encrypts a registry's password in the stack file; it asks for the value. */
export function passwordCommand(registry: string): string {
  return `pulumi config set --secret --path 'fogline:k3s.registries["${registry}"].password'`;
}

/** What a login contradicts: itself, or a mirror. */
export function registryRules({ k3s: { registries: given = {}, mirrors = {} } }: Known): Problem[] {
  return Object.entries(given).flatMap(([registry, { username, password, ca }]) => {
    const path = pathOf(registry);
    if (username === undefined && password === undefined) {
      return ca === undefined
        ? [
            {
              path,
              rule: "has neither a login nor a certificate authority",
              fix: "remove it: a registry that everyone may read needs no entry",
            },
          ]
        : [];
    }
    if (password === undefined) {
      const fix = `run \`${passwordCommand(registry)}\`, which asks for it and encrypts it`;
      return [{ path: `${path}.password`, rule: "is missing: a login has both", fix }];
    }
    if (username === undefined) {
      const fix = "write the name that logs in; of a token, what the registry's documentation says";
      return [{ path: `${path}.username`, rule: "is missing: a login has both", fix }];
    }
    return mirrorProblems(registry, given, mirrors);
  });
}

/** containerd takes the login of the host that it asks, which may be another one than images name. */
function mirrorProblems(
  registry: string,
  given: Registries,
  mirrors: Readonly<Record<string, readonly string[]>>,
): Problem[] {
  const hosts = (mirrors[registry] ?? []).map(hostOf);
  const elsewhere = hosts.filter((host) => host !== registry && !(host in given));
  const open = Object.entries(mirrors).flatMap(([mirrored, endpoints]) =>
    endpoints
      .filter((each) => each.startsWith("http:") && hostOf(each) === registry)
      .map((endpoint) => ({ mirrored, endpoint })),
  );
  return [
    ...(hosts.length > 0 && elsewhere.length === hosts.length
      ? [
          {
            path: pathOf(registry),
            rule: `its images are asked of ${elsewhere.join(", ")} first (fogline:k3s.mirrors), which is not told this login`,
            fix: `write the login for ${elsewhere[0] ?? ""}, or take ${registry} out of fogline:k3s.mirrors`,
          },
        ]
      : []),
    ...open.map(({ mirrored, endpoint }) => ({
      path: `fogline:k3s.mirrors.${mirrored}`,
      rule: `${endpoint} would be sent the password of ${registry} readable`,
      fix: "write it with https://; a certificate of your own authority needs its ca in fogline:k3s.registries",
    })),
  ];
}

/**
 * Passwords that stand readable in a stack file.
 *
 * @param isSecret whether the engine was given any encrypted value of the section: it does not tell which
 * @param file the stack file, where it is known
 */
export function plainPasswords(given: Registries, isSecret: boolean, file: unknown): Problem[] {
  return Object.entries(given)
    .filter(([registry, { password }]) => {
      const written = at(file, "config", "fogline:k3s", "registries", registry, "password");
      return password !== undefined && (!isSecret || typeof written === "string");
    })
    .map(([registry]) => ({
      path: `${pathOf(registry)}.password`,
      rule: "stands readable in the stack file",
      fix: `run \`${passwordCommand(registry)}\`, which asks for it and encrypts it; if others have seen the file, change the password at the registry first`,
    }));
}

/** Settings without the passwords, and those by registry. */
export function takePasswords(given: Registries): {
  readonly open: Registries;
  readonly passwords: Readonly<Record<string, string>>;
} {
  const all = Object.entries(given);
  return {
    open: Object.fromEntries(
      all.map(([registry, { username, ca }]) => [
        registry,
        { ...(username !== undefined && { username }), ...(ca !== undefined && { ca }) },
      ]),
    ),
    passwords: Object.fromEntries(
      all.flatMap(([registry, { password }]) =>
        password === undefined ? [] : [[registry, password] as const],
      ),
    ),
  };
}

/** Host and port of an endpoint as they are written: containerd finds logins by them. */
function hostOf(endpoint: string): string {
  return /^https?:\/\/([^/?#]+)/.exec(endpoint)?.[1] ?? "";
}

function pathOf(registry: string): string {
  return `fogline:k3s.registries.${registry}`;
}

function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null
        ? (inner as Record<string, unknown>)[key]
        : undefined,
    value,
  );
}
