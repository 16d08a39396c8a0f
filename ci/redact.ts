/**
 * Takes secrets out of text that leaves the operator's computer: known values, whatever form they
 * are in, and whatever looks like a key, a token or a passphrase.
 */
import { SECRET, SIGNATURE } from "@fogline/pulumi-kit/signatures";

/** What a secret becomes. */
export const MASK = "[masked]";

/** A shorter secret is no secret, and masking `1` or `tcp` would leave nothing to read. */
const SHORTEST_VALUE = 6;
/** Lines of a long secret (a kubeconfig) that are shorter say nothing: `kind: Config`. */
const SHORTEST_LINE = 16;

const BASE64 = String.raw`[A-Za-z0-9+/_-]`;

/** `$1` is what stays: the name of the field. */
const PATTERNS: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["a private key", /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g],
  // Cut off in the middle, as the engine does with long values: everything that may be key.
  [
    "half a private key",
    /-----BEGIN [A-Z ]*PRIVATE KEY-----(?:(?:\\n|\s|[+~|"'-])*[A-Za-z0-9+/=]{8,})*/g,
  ],
  ["a K3s token", /\bK10[0-9a-f]{16,}::[^\s"'`,}]+/g],
  [
    "a kubeconfig's credentials",
    /((?:client-key-data|client-certificate-data|certificate-authority-data)\\?["']?\s*:\s*\\?["']?)[A-Za-z0-9+/=]{8,}/g,
  ],
  [
    "a WireGuard key",
    new RegExp(
      String.raw`\b((?:Private|Preshared|Join)_?Key\\?["']?\s*[=:]\s*\\?["']?)${BASE64}{43}=`,
      "gi",
    ),
  ],
  ["a token of GitHub", /\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})/g],
  ["a token of Pulumi", /\bpul-[0-9a-f]{40}\b/g],
  ["a JSON web token", /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/g],
  ["a storage key", /\b((?:AccountKey|SharedAccessSignature|sig)=)[A-Za-z0-9+/=%]{16,}/g],
  ["a password in a URL", /(\b[a-z][a-z\d+.-]*:\/\/[^\s:/@"'`]+:)[^\s/@"'`]+(?=@)/gi],
  [
    "a passphrase",
    // The engine's own marks (`[secret]`, `output<string>`), references and masks are no values, nor
    // are the ends of types and URNs (`random:index/randomPassword:RandomPassword::database`).
    /(\b[\w-]*(?:passphrase|password|passwd|secret[-_]?key|client[-_]?secret|access[-_]?key|api[-_]?key|token)\\?["']?\s*(?:=|(?<!\/[\w-]+):(?!:))\s*)(?!\s*(?:\\?["'])?(?:\[|\$|output<|\(|\{|<|true\b|false\b|null\b))(?:\\?"[^"\n]+"|'[^'\n]+'|[^\s"',;]{6,})/gi,
  ],
];

/**
 * Makes a function that masks these values and everything that looks like a secret.
 *
 * A value that is a public word as well, such as a stack's name, stays within identifiers, which would
 * be unreadable otherwise (`urn:pulumi:[masked]::…`) and tell nothing about the value. Where it stands
 * as a value by itself (`login: "fogline"`), it is masked like any other.
 *
 * @param words texts that are no secret: names, types and keys, see `publicWords`
 */
export function redactor(
  values: Iterable<string> = [],
  words: Iterable<string> = [],
): (text: string) => string {
  const isPublic = publicity(words);
  const known = [...new Set([...values].flatMap(forms))]
    .sort((a, b) => b.length - a.length)
    .map((value) => ({ value, asValue: isPublic(value) ? standingAlone(value) : undefined }));
  return (text) => {
    let safe = text;
    for (const { value, asValue } of known) {
      safe =
        asValue === undefined
          ? safe.replaceAll(value, MASK)
          : safe.replace(asValue, (_match, before: string) => `${before}${MASK}`);
    }
    for (const [, pattern] of PATTERNS) {
      safe = safe.replace(pattern, (_match, kept: unknown) =>
        typeof kept === "string" ? `${kept}${MASK}` : MASK,
      );
    }
    return safe;
  };
}

/** A value as it is, line by line, inside JSON, in base64 and in a URL. */
function forms(value: string): string[] {
  const whole = value.trim();
  if (whole.length < SHORTEST_VALUE) {
    return [];
  }
  const lines = whole.includes("\n")
    ? whole
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line.length >= SHORTEST_LINE)
    : [];
  return [value, whole, ...lines].flatMap((form) => [
    form,
    JSON.stringify(form).slice(1, -1),
    Buffer.from(form).toString("base64"),
    encodeURIComponent(form),
  ]);
}

/** Longest word that can be public: names are shorter, keys and tokens longer. */
const LONGEST_WORD = 63;

/** Whether a value is one of the words, or a part of one between marks such as `-`, `:` and `/`. */
function publicity(words: Iterable<string>): (value: string) => boolean {
  const all = [...words].join("\n");
  return (value) =>
    value.length <= LONGEST_WORD &&
    /^[\w.:/$-]+$/.test(value) &&
    new RegExp(String.raw`(?<![A-Za-z0-9])${escaped(value)}(?![A-Za-z0-9])`).test(all);
}

/**
 * A word that is all of a value: after `key: ` or `key=`, between quotes (and no key itself), or alone
 * on its line. `$1` is what stands before it.
 */
function standingAlone(word: string): RegExp {
  const text = escaped(word);
  const field = String.raw`(?<=[^:\s]):[ \t]+\\?["']?|=[ \t]*\\?["']?|\\?["']`;
  const line = String.raw`^[ \t]*(?:[-+~][ \t]+)?(?=${text}[ \t]*$)`;
  return new RegExp(String.raw`(${field}|${line})${text}(?![\w.:/$-]|\\?["'][ \t]*:)`, "gm");
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}

/**
 * Words that state and settings show to everybody who may read a plan: the parts of every URN
 * (project, stack, types, names) and the keys of what is not secret.
 */
export function publicWords(document: unknown): string[] {
  if (Array.isArray(document)) {
    return document.flatMap(publicWords);
  }
  if (typeof document === "string") {
    return document.startsWith("urn:pulumi:") ? [document] : [];
  }
  if (typeof document !== "object" || document === null) {
    return [];
  }
  const fields = document as Record<string, unknown>;
  // Keys within a secret may be secret themselves.
  return isSecret(fields)
    ? []
    : Object.entries(fields).flatMap(([key, value]) => [key, ...publicWords(value)]);
}

function isSecret(fields: Record<string, unknown>): boolean {
  return fields[SIGNATURE] === SECRET || (fields["secret"] === true && "value" in fields);
}

/**
 * Every secret in what `pulumi stack export --show-secrets` and `pulumi config --json
 * --show-secrets` print.
 */
export function secretValues(document: unknown): string[] {
  if (Array.isArray(document)) {
    return document.flatMap(secretValues);
  }
  if (typeof document !== "object" || document === null) {
    return [];
  }
  const fields = document as Record<string, unknown>;
  if (fields[SIGNATURE] === SECRET && typeof fields["plaintext"] === "string") {
    return leaves(JSON.parse(fields["plaintext"]));
  }
  if (fields["secret"] === true && "value" in fields) {
    return [...leaves(fields["value"]), ...leaves(fields["objectValue"])];
  }
  return Object.values(fields).flatMap(secretValues);
}

function leaves(value: unknown): string[] {
  if (typeof value === "string") {
    return [value];
  }
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(leaves) : [];
}
