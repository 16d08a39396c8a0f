/** Where the state is kept, what encrypts its secrets, and the stack itself. */
import { randomBytes } from "node:crypto";
import { chmodSync, realpathSync, statSync, writeFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

import { z } from "zod";

import { CommandError, failed, GuideError } from "../error.ts";
import { keepEnvironment, readEnvironment, readIfThere } from "../files.ts";
import { opens } from "../passphrase.ts";
import { pulumiEnvironment, type Site, type Step } from "../step.ts";

const BACKEND = "PULUMI_BACKEND_URL";
const PASSPHRASE_FILE = "PULUMI_CONFIG_PASSPHRASE_FILE";
/** One person, one computer; `metadata=skip`: docs/azure.md, "State and secrets". */
const LOCAL = "file://~?metadata=skip";

export const state: Step = {
  name: "state",
  title: "State and secrets of the stack",
  check: async (site) => {
    const kept = readEnvironment(site.files.environment);
    const backend = kept[BACKEND];
    const wanted = site.ask.given("backend");
    if (backend === undefined || (wanted !== undefined && wanted !== backend)) {
      return undefined;
    }
    if (hasPassphrase(site) && !isPassphraseReady(site)) {
      return undefined;
    }
    return (await hasStack(site)) ? says(site) : undefined;
  },
  action: async (site) => {
    const { stack } = site.file;
    const own = site.env[BACKEND];
    const preset = readEnvironment(site.files.environment)[BACKEND] ?? own ?? LOCAL;
    const backend = await site.ask.text("backend", "Where Pulumi keeps the state", preset);
    keepEnvironment(site.files.environment, stack, { [BACKEND]: backend });
    if (hasPassphrase(site)) {
      await makePassphrase(site);
      keepEnvironment(site.files.environment, stack, { [PASSPHRASE_FILE]: passphraseFile(site) });
    }
    if (!(await hasStack(site))) {
      await initialize(site);
    }
    return says(site);
  },
};

function says(site: Site): string {
  const { stack } = site.file;
  const { secretsProvider } = site.file.read();
  const backend = readEnvironment(site.files.environment)[BACKEND] ?? "";
  const secrets = hasPassphrase(site)
    ? `the passphrase in ${passphraseFile(site)}: keep a copy in your password manager`
    : (secretsProvider ?? "");
  return `stack ${stack} in ${backend}\nits secrets are encrypted with ${secrets}`;
}

/** Whether a passphrase encrypts the stack's secrets: no key of a cloud does. */
function hasPassphrase({ file }: Site): boolean {
  const { secretsProvider } = file.read();
  return secretsProvider === undefined || secretsProvider === "passphrase";
}

/** The person's own file, where there is one. */
function passphraseFile({ env, files }: Site): string {
  const own = readEnvironment(files.environment)[PASSPHRASE_FILE] ?? env[PASSPHRASE_FILE];
  return own === undefined || own === "" ? files.passphrase : own;
}

/** @throws GuideError where the passphrase is another one, or lies where git would take it along */
function isPassphraseReady(site: Site): boolean {
  const path = passphraseFile(site);
  const text = readIfThere(path);
  const { encryptionSalt } = site.file.read();
  if (text === undefined) {
    if (encryptionSalt === undefined) {
      return false;
    }
    throw new GuideError(`${site.file.path} is encrypted, and its passphrase is not in ${path}`, {
      fixes: [`type it and Ctrl-D into: (umask 077; cat >${path})`],
    });
  }
  if (realpathSync(path).startsWith(`${realpathSync(site.checkout)}/`)) {
    throw new GuideError(
      `the passphrase is inside the checkout, where git would take it: ${path}`,
      {
        fixes: [`mv ${path} ${site.files.passphrase}, and unset ${PASSPHRASE_FILE}`],
      },
    );
  }
  // As Pulumi reads it: without the line's end.
  if (encryptionSalt !== undefined && !opens(text.trim(), encryptionSalt)) {
    throw new GuideError(`the passphrase in ${path} does not open ${site.file.path}`, {
      fixes: [
        `write the stack's own passphrase into it: (umask 077; cat >${path})`,
        `or, for a stack that is nowhere yet, take encryptionsalt out of ${site.file.path}`,
      ],
    });
  }
  return (statSync(path).mode & 0o077) === 0;
}

async function makePassphrase(site: Site): Promise<void> {
  if (isPassphraseReady(site)) {
    return;
  }
  const path = passphraseFile(site);
  if (readIfThere(path) !== undefined) {
    chmodSync(path, 0o600);
    return;
  }
  if (!(await site.ask.agrees(`Make a passphrase for the stack's secrets, in ${path}?`))) {
    throw new GuideError("without a passphrase the state cannot keep secrets", {
      fixes: [`write your own into it: (umask 077; cat >${path})`],
    });
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const own = site.env["PULUMI_CONFIG_PASSPHRASE"];
  const text = own === undefined || own === "" ? randomBytes(24).toString("base64url") : own;
  writeFileSync(path, `${text}\n`, { mode: 0o600, flag: "wx" });
}

const stacks = z.array(z.object({ name: z.string() }));

async function hasStack(site: Site): Promise<boolean> {
  const env = pulumiEnvironment(site);
  let text: string;
  try {
    text = await site.run("pulumi", ["stack", "ls", "--json", "--non-interactive"], { env });
  } catch (error) {
    throw failed(
      "the state's place does not answer",
      error,
      `correct ${BACKEND} in ${site.files.environment}, or give --backend=…`,
      "log in where it asks for it: pulumi login, or az login for azblob://",
    );
  }
  const { stack } = site.file;
  const isThere = stacks
    .parse(JSON.parse(text))
    .some(({ name }) => name === stack || name.endsWith(`/${stack}`));
  if (isThere) {
    await sameProvider(site);
  }
  return isThere;
}

const exported = z.object({
  deployment: z
    .object({
      secrets_providers: z
        .object({ type: z.string(), state: z.object({ salt: z.string() }).partial().nullish() })
        .optional(),
    })
    .nullish(),
});

/** @throws GuideError when the state's secrets are encrypted otherwise than the stack file says */
async function sameProvider(site: Site): Promise<void> {
  const { stack, path } = site.file;
  const { secretsProvider, encryptionSalt } = site.file.read();
  const env = pulumiEnvironment(site);
  const args = ["stack", "export", `--stack=${stack}`, "--non-interactive"];
  const text = await site.run("pulumi", args, { env });
  const provider = exported.parse(JSON.parse(text)).deployment?.secrets_providers;
  const own = secretsProvider === undefined ? "passphrase" : secretsProvider.split(":")[0];
  const isPassphrase = own === "passphrase";
  const isSame =
    provider?.type === "passphrase" ? isPassphrase && encryptionSalt !== undefined : !isPassphrase;
  if (provider === undefined || isSame) {
    return;
  }
  const says = isPassphrase && encryptionSalt === undefined ? "nothing of it" : (own ?? "");
  const salt = provider.state?.salt;
  throw new GuideError(
    `the stack ${stack} is there, and its secrets are encrypted by ${provider.type}; ${path} says ${says}`,
    {
      command: ["pulumi", ...args].join(" "),
      fixes: [
        salt === undefined
          ? `bring the stack's own ${path} back, which has secretsprovider and encryptedkey: git log -- ${path}`
          : `write the line back: encryptionsalt: ${salt}`,
        "or choose another STACK",
      ],
    },
  );
}

async function initialize(site: Site): Promise<void> {
  const { stack } = site.file;
  const { secretsProvider = "passphrase" } = site.file.read();
  const args = ["stack", "init", stack, `--secrets-provider=${secretsProvider}`];
  try {
    const env = pulumiEnvironment(site);
    await site.run("pulumi", [...args, "--non-interactive"], { env });
  } catch (error) {
    if (error instanceof CommandError && /already exists/.test(error.text)) {
      return;
    }
    throw failed(
      "the stack could not be made",
      error,
      "put right what it says, and run the guide again",
    );
  }
}
