/** The operator's SSH key: one without a passphrase, made where there is none. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";

import { keyPairProblems, type FileText } from "../../config/operator-key.ts";
import { expandHome } from "../../config/paths.ts";
import type { Problem } from "../../config/problems.ts";
import { failed, GuideError } from "../error.ts";
import type { Site, Step } from "../step.ts";

export const key: Step = {
  name: "key",
  title: "SSH key for machines and device",
  check: (site) => {
    const path = keyPath(site);
    const problems = problemsOf(path);
    if (problems.length === 0) {
      return Promise.resolve(path);
    }
    if (!isMissing(path) && !isEncrypted(problems)) {
      throw new GuideError(problems.map(({ rule }) => rule).join("\n"), {
        fixes: problems.map(({ fix }) => fix),
      });
    }
    return Promise.resolve(undefined);
  },
  action: async (site) => {
    const path = keyPath(site);
    // One that has a passphrase is kept as it is, and another made for the stack.
    const isOther = !isMissing(path);
    const made = isOther ? `${path}-fogline` : path;
    const isThere = !isMissing(made);
    if (isThere && problemsOf(made).length > 0) {
      throw new GuideError(`${path} has a passphrase, and ${made} is there and cannot be used`, {
        fixes: problemsOf(made).map(({ fix }) => fix),
      });
    }
    if (isOther) {
      site.say(`    ${path} has a passphrase, for which pulumi up cannot ask.`);
    }
    const question = isThere
      ? `Use ${made} for this stack?`
      : `Make a key without a passphrase, ${made}?`;
    if (!(await site.ask.agrees(question))) {
      throw new GuideError("without a key no machine can be set up", {
        fixes: ["name another private key without a passphrase in fogline:operator.sshKey"],
      });
    }
    if (!isThere) {
      await make(site, made);
    }
    if (isOther) {
      site.file.write([{ section: "operator", path: ["sshKey"], value: made }]);
    }
    return `${made}${isThere ? "" : ", made"}${isOther ? ", written to operator.sshKey" : ""}`;
  },
};

/** Absolute path of the private key that the stack names. */
export function keyPath({ file }: Site): string {
  return expandHome(file.read().known.operator.sshKey ?? "~/.ssh/id_ed25519");
}

async function make({ run, file }: Site, path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    // It asks before it overwrites, and takes no answer for a refusal.
    const comment = `fogline-${file.stack}`;
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path]);
  } catch (error) {
    throw failed(`${path} cannot be made`, error, "make the key by hand, and run the guide again");
  }
}

function problemsOf(path: string): Problem[] {
  return keyPairProblems(path, textOf(path), textOf(`${path}.pub`));
}

function isMissing(path: string): boolean {
  return !existsSync(path) && !existsSync(`${path}.pub`);
}

function isEncrypted(problems: readonly Problem[]): boolean {
  return problems.some(({ rule }) => rule.includes("has a passphrase"));
}

function textOf(path: string): FileText {
  try {
    return { text: readFileSync(path, "utf8") };
  } catch (error) {
    return { code: (error as NodeJS.ErrnoException).code ?? "unknown error" };
  }
}
