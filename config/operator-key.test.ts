import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, describe, expect, it } from "vitest";

import { keyPairProblems } from "./operator-key.ts";
import type { Problem } from "./problems.ts";

const folder = mkdtempSync(join(tmpdir(), "fogline-keys-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Pair {
  readonly secret: string;
  readonly open: string;
}

let made = 0;

/** Of the passphrase's key derivation, whose default of 16 is slow by intent. */
const ROUNDS = ["-a", "1"];

/** A key pair that ssh-keygen makes with these options. */
function pair(...options: readonly string[]): Pair {
  const file = join(folder, `key-${++made}`);
  const passphrase = options.includes("-N") ? [] : ["-N", ""];
  execFileSync("ssh-keygen", [
    "-q",
    ...ROUNDS,
    "-C",
    "test",
    "-f",
    file,
    ...passphrase,
    ...options,
  ]);
  return { secret: readFileSync(file, "utf8"), open: readFileSync(`${file}.pub`, "utf8") };
}

/** An RSA key pair written anew in another form: to make one takes far longer. */
function rewritten({ secret, open }: Pair, ...options: readonly string[]): Pair {
  const file = join(folder, `key-${++made}`);
  writeFileSync(file, secret, { mode: 0o600 });
  const passphrase = options.includes("-N") ? [] : ["-N", ""];
  execFileSync("ssh-keygen", [
    "-q",
    ...ROUNDS,
    "-p",
    "-P",
    "",
    "-f",
    file,
    ...passphrase,
    ...options,
  ]);
  return { secret: readFileSync(file, "utf8"), open };
}

function problemsOf({ secret, open }: Pair, path = "/home/me/.ssh/key"): Problem[] {
  return keyPairProblems(path, { text: secret }, { text: open });
}

const ed25519 = pair("-t", "ed25519");
const rsa = pair("-t", "rsa", "-b", "2048");
const crlf = (text: string): string => text.replaceAll("\n", "\r\n");

describe("the operator's key pair", () => {
  it.each([
    ["ed25519", () => ed25519],
    ["RSA in OpenSSH's format", () => rsa],
    ["RSA in PKCS#1", () => rewritten(rsa, "-m", "PEM")],
    ["RSA in PKCS#8", () => rewritten(rsa, "-m", "PKCS8")],
    [
      "lines that end as on Windows",
      () => ({ secret: crlf(ed25519.secret), open: crlf(ed25519.open) }),
    ],
    ["a comment with spaces", () => pair("-t", "ed25519", "-C", "me at home")],
  ])("may be of %s", (_, make) => {
    expect(problemsOf(make())).toEqual([]);
  });

  it.each([
    ["encrypted", () => pair("-t", "ed25519", "-N", "secret phrase")],
    ["encrypted RSA", () => rewritten(rsa, "-N", "secret phrase")],
    ["encrypted in PEM", () => rewritten(rsa, "-m", "PEM", "-N", "secret phrase")],
    ["encrypted in PKCS#8", () => rewritten(rsa, "-m", "PKCS8", "-N", "secret phrase")],
  ])("is refused when it is %s, with the command that takes the passphrase off", (_, make) => {
    const [problem, ...others] = problemsOf(make());
    expect(others).toEqual([]);
    expect(problem?.rule).toContain("passphrase");
    expect(problem?.fix).toContain('ssh-keygen -p -N "" -f /home/me/.ssh/key');
    expect(problem?.fix).toContain("agent is not asked");
  });

  it.each([
    [
      "a .ppk",
      { ...ed25519, secret: "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n" },
      "PuTTY",
      "PuTTYgen",
    ],
    ["a public key", { ...ed25519, secret: ed25519.open }, "is a public key", "private key"],
    ["an empty file", { ...ed25519, secret: "\n" }, "is empty", "ssh-keygen -t ed25519"],
    ["a file of something else", { ...ed25519, secret: "hello" }, "no private key", "ssh-keygen"],
    [
      "a key that was cut short",
      { ...ed25519, secret: ed25519.secret.slice(0, 200) },
      "damaged",
      "ssh-keygen",
    ],
    [
      "a key in UTF-16",
      { ...ed25519, secret: Buffer.from(ed25519.secret, "utf16le").toString() },
      "no private key",
      "ssh-keygen",
    ],
    ["an ECDSA key", pair("-t", "ecdsa"), "ecdsa-sha2-nistp256", "ssh-keygen -t ed25519"],
    ["a short RSA key", pair("-t", "rsa", "-b", "1024"), "1024 bits", "ssh-keygen -t ed25519"],
    [
      "another key's public half",
      { ...ed25519, open: rsa.open },
      "another key",
      "ssh-keygen -y -f /home/me/.ssh/key > /home/me/.ssh/key.pub",
    ],
    ["an empty public half", { ...ed25519, open: "" }, "key.pub is empty", "ssh-keygen -y"],
    [
      "a public half of two lines",
      { ...ed25519, open: ed25519.open + rsa.open },
      "not one line",
      "ssh-keygen -y",
    ],
    [
      "a public half as PuTTYgen saves it",
      { ...ed25519, open: "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n" },
      "not one line",
      "ssh-keygen -y",
    ],
    [
      "a public half that was cut short",
      { ...ed25519, open: ed25519.open.slice(0, 40) },
      "not one line",
      "ssh-keygen -y",
    ],
  ])("is refused when it is %s", (_, files, rule, fix) => {
    const problems = problemsOf(files);
    expect(problems[0]?.path).toBe("fogline:operator.sshKey");
    expect(problems.map((each) => each.rule).join("\n")).toContain(rule);
    expect(problems.map((each) => each.fix).join("\n")).toContain(fix);
  });

  it("is refused when it is of DSA", () => {
    const { privateKey } = generateKeyPairSync("dsa", { modulusLength: 1024, divisorLength: 160 });
    const secret = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    expect(problemsOf({ ...ed25519, secret })[0]?.rule).toContain("type dsa");
  });

  it("is refused with the way to make what is missing", () => {
    const absent = { code: "ENOENT" };
    const [both, ...others] = keyPairProblems("/k", absent, absent);
    expect(others).toEqual([]);
    expect(both).toMatchObject({ rule: "/k does not exist" });
    expect(both?.fix).toContain('ssh-keygen -t ed25519 -N "" -f /k');
    expect(keyPairProblems("/k", { text: ed25519.secret }, absent)).toMatchObject([
      { rule: "/k.pub does not exist", fix: "write it anew with: ssh-keygen -y -f /k > /k.pub" },
    ]);
  });

  it.each([
    ["EISDIR", "is a folder"],
    ["EACCES", "may not be read"],
    ["ELOOP", "cannot be read (ELOOP)"],
  ])("is refused when its file ends in %s", (code, rule) => {
    expect(keyPairProblems("/k", { code }, { text: ed25519.open })[0]?.rule).toContain(rule);
  });

  it("never shows in a refusal", () => {
    const secret = ed25519.secret.replace("OPENSSH", "RSA");
    for (const files of [
      { ...ed25519, secret },
      { ...ed25519, open: rsa.open },
      { secret: rsa.open, open: ed25519.secret },
    ]) {
      const text = JSON.stringify(problemsOf(files));
      for (const line of `${ed25519.secret}${rsa.open}`
        .split("\n")
        .filter((each) => each.length > 30 && !each.startsWith("-"))) {
        expect(text).not.toContain(line.slice(0, 30));
      }
    }
  });
});
