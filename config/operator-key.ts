/** Whether a pair of key files logs in where this program uses it. Reads no file and shows no key. */
import { createPrivateKey, type KeyObject } from "node:crypto";

import type * as pulumi from "@pulumi/pulumi";
import ssh2 from "ssh2";

import type { Problem } from "./problems.ts";
import { readPublicKey, writeFields, type PublicKey } from "./ssh-key.ts";

/** The operator's SSH key pair: the public half is installed on machines, the private one logs in. */
export interface OperatorKey {
  /** One line of `authorized_keys`. */
  readonly publicKey: string;
  /** OpenSSH private key; a Pulumi secret. */
  readonly privateKey: pulumi.Output<string>;
}

/** What came of reading a file: its text, or the error's code such as `ENOENT`. */
export type FileText = { readonly text: string } | { readonly code: string };

/** Azure takes RSA keys of 2048 bits or more, and Ed25519 keys; the command plugin takes both. */
const SHORTEST_RSA = 2048;
const SETTING = "fogline:operator.sshKey";
const FORMATS = "OpenSSH's own format, or PEM (RFC 7468)";

/**
 * What is wrong with the operator's key pair.
 *
 * @param path the private key's file; the public one's is `<path>.pub`
 */
export function keyPairProblems(path: string, secret: FileText, open: FileText): Problem[] {
  const fixes = fixesOf(path);
  const problem = (rule: string, fix: string): Problem => ({ path: SETTING, rule, fix });
  const half = readSecret(path, secret, fixes);
  const isThere = !("code" in secret);
  // Without the private half nothing can be said of how to write the public one.
  const other = isThere ? readOpen(path, open, fixes) : half;
  const problems = (isThere ? [half, other] : [half]).flatMap((each) =>
    "rule" in each ? [problem(each.rule, each.fix)] : [],
  );
  if (!("blob" in half) || !("blob" in other)) {
    return problems;
  }
  return half.blob.equals(other.blob)
    ? problems
    : [problem(`${path}.pub is the public half of another key`, fixes.derive)];
}

type Wrong = Omit<Problem, "path">;

function fixesOf(path: string): Record<"make" | "derive" | "decrypt" | "other", string> {
  return {
    make: `make one with: ssh-keygen -t ed25519 -N "" -f ${path}`,
    derive: `write it anew with: ssh-keygen -y -f ${path} > ${path}.pub`,
    decrypt:
      `take the passphrase off with: ssh-keygen -p -N "" -f ${path}; or make a key for this stack ` +
      `alone, ssh-keygen -t ed25519 -N "" -f ${path}-fogline, and name it here. ` +
      "An SSH agent is not asked",
    other: `make a key for this stack with: ssh-keygen -t ed25519 -N "" -f ${path}-fogline, and name it here`,
  };
}

function readSecret(
  path: string,
  file: FileText,
  fixes: ReturnType<typeof fixesOf>,
): { blob: Buffer } | Wrong {
  if ("code" in file) {
    return unreadable(path, file.code, fixes.make);
  }
  const text = file.text.trim();
  if (text === "") {
    return { rule: `${path} is empty`, fix: fixes.other };
  }
  if (/^PuTTY-User-Key-File-/.test(text)) {
    return {
      rule: `${path} is a key of PuTTY's (.ppk), which OpenSSH and this program cannot read`,
      fix: "export it in PuTTYgen: Conversions, Export OpenSSH key, without a passphrase; and name that file",
    };
  }
  if (readPublicKey(text) !== undefined || text.startsWith("---- BEGIN SSH2 PUBLIC KEY")) {
    return {
      rule: `${path} is a public key`,
      fix: path.endsWith(".pub")
        ? `name the private one, ${path.slice(0, -".pub".length)}: its .pub is found beside it`
        : "name the file of the private key, whose public half is <file>.pub",
    };
  }
  if (/^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    return { rule: `${path} has a passphrase, for which nobody is asked`, fix: fixes.decrypt };
  }
  const key = text.startsWith("-----BEGIN OPENSSH PRIVATE KEY-----")
    ? opensshKey(text)
    : pemKey(text);
  switch (key) {
    case "encrypted":
      return { rule: `${path} has a passphrase, for which nobody is asked`, fix: fixes.decrypt };
    case "unreadable":
      return {
        rule: `${path} is no private key in ${FORMATS}, or is damaged`,
        fix: fixes.other,
      };
    default:
      return refusedType(path, key, fixes.other) ?? { blob: key.blob };
  }
}

function readOpen(
  path: string,
  file: FileText,
  fixes: ReturnType<typeof fixesOf>,
): { blob: Buffer } | Wrong {
  const name = `${path}.pub`;
  if ("code" in file) {
    return unreadable(name, file.code, fixes.derive);
  }
  const lines = file.text
    .replace(/^\ufeff/, "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  if (lines.length === 0) {
    return { rule: `${name} is empty`, fix: fixes.derive };
  }
  const key = lines.length === 1 ? readPublicKey(lines[0] ?? "") : undefined;
  if (key === undefined) {
    return {
      rule: `${name} is not one line of type and base64, as OpenSSH writes it`,
      fix: fixes.derive,
    };
  }
  return refusedType(name, key, fixes.other) ?? { blob: key.blob };
}

function unreadable(path: string, code: string, missing: string): Wrong {
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return { rule: `${path} does not exist`, fix: missing };
    case "EISDIR":
      return { rule: `${path} is a folder`, fix: "name the key's file in it, e.g. id_ed25519" };
    case "EACCES":
    case "EPERM":
      return {
        rule: `${path} may not be read by this user`,
        fix: `give it back to its owner with: sudo chown "$USER" ${path}, then chmod 600 ${path}`,
      };
    default:
      return { rule: `${path} cannot be read (${code})`, fix: "name a file that can be read" };
  }
}

function refusedType(path: string, { type, bits }: PublicKey, fix: string): Wrong | undefined {
  if (type !== "ssh-rsa" && type !== "ssh-ed25519") {
    return { rule: `${path} is of type ${type}; Azure takes ed25519 and RSA keys alone`, fix };
  }
  return bits !== undefined && bits < SHORTEST_RSA
    ? { rule: `${path} is an RSA key of ${bits} bits; Azure takes ${SHORTEST_RSA} or more`, fix }
    : undefined;
}

/** A key in OpenSSH's own format. */
function opensshKey(text: string): PublicKey | "encrypted" | "unreadable" {
  const parsed = ssh2.utils.parseKey(text);
  if (parsed instanceof Error) {
    return /passphrase/i.test(parsed.message) ? "encrypted" : (typeInside(text) ?? "unreadable");
  }
  // One file may hold several keys in theory; OpenSSH writes one.
  const key = [parsed].flat()[0];
  const blob = key?.getPublicSSH();
  return key === undefined || blob === undefined
    ? "unreadable"
    : (readPublicKey(`${key.type} ${blob.toString("base64")}`) ?? "unreadable");
}

/** The public half that stands readable in the file of a type that the library does not know. */
function typeInside(text: string): PublicKey | undefined {
  const type = /(sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com|ssh-dss)/.exec(
    Buffer.from(text.replaceAll(/-----[^-]+-----|\s/g, ""), "base64").toString("latin1"),
  )?.[1];
  return type === undefined ? undefined : { type, blob: Buffer.alloc(0) };
}

/** A key in PEM: PKCS#1, SEC 1 or PKCS#8. */
function pemKey(text: string): PublicKey | "unreadable" {
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch {
    // What OpenSSL says of a damaged key helps nobody, and may quote it.
    return "unreadable";
  }
  switch (key.asymmetricKeyType) {
    case "ed25519": {
      const { x = "" } = key.export({ format: "jwk" });
      return {
        type: "ssh-ed25519",
        blob: writeFields(["ssh-ed25519", Buffer.from(x, "base64url")]),
      };
    }
    case "rsa": {
      const { e = "", n = "" } = key.export({ format: "jwk" });
      const blob = writeFields(["ssh-rsa", ...[e, n].map((each) => positive(each))]);
      return { type: "ssh-rsa", blob, bits: key.asymmetricKeyDetails?.modulusLength ?? 0 };
    }
    default:
      return { type: key.asymmetricKeyType ?? "unknown", blob: Buffer.alloc(0) };
  }
}

/** A number as SSH writes it: a leading zero byte keeps it positive. */
function positive(base64url: string): Buffer {
  const bytes = Buffer.from(base64url, "base64url");
  return (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes;
}
