/** Programs of the operator's computer: which are missing or too old, all at once. */
import { CommandError, GuideError } from "../error.ts";
import { nothingToDo, type Site, type Step } from "../step.ts";

interface Tool {
  readonly name: string;
  /** Prints its version. */
  readonly version: readonly [program: string, ...args: string[]];
  /** Oldest release that is enough; none where every release in use is. */
  readonly least?: string;
  /** How to get it. */
  readonly fix: Fix;
}

/** A package of Debian and Ubuntu, of which one command installs all that are missing, or another way. */
type Fix = { readonly apt: string } | string;

const TOOLS: readonly Tool[] = [
  {
    name: "az",
    version: ["az", "version", "--output", "json"],
    // Debian 12's; tried with 2.91.0.
    least: "2.45.0",
    fix: "install azure-cli: https://learn.microsoft.com/cli/azure/install-azure-cli",
  },
  {
    name: "pulumi",
    version: ["pulumi", "version"],
    // The SDK's own release: engine and SDK are tested as one pair (package.json).
    least: "3.250.0",
    fix: "install the Pulumi CLI: https://www.pulumi.com/docs/install/",
  },
  {
    name: "kubectl",
    version: ["kubectl", "version", "--client", "--output=json"],
    fix: "install kubectl: https://kubernetes.io/docs/tasks/tools/",
  },
  // Of Debian 11, the oldest release with security updates.
  {
    name: "git",
    version: ["git", "--version"],
    least: "2.30",
    fix: { apt: "git" },
  },
  {
    name: "curl",
    version: ["curl", "--version"],
    least: "7.74",
    fix: { apt: "curl" },
  },
  {
    name: "wireguard-tools",
    version: ["wg", "--version"],
    least: "1.0.20210223",
    fix: { apt: "wireguard-tools" },
  },
  { name: "ssh", version: ["ssh", "-V"], fix: { apt: "openssh-client" } },
];

/** Programs that build images, in the order in which they are looked for (docs/images.md). */
const BUILDERS = ["buildah", "podman", "docker"];

export const tools: Step = {
  name: "tools",
  title: "Programs on this computer",
  check: async (site) => {
    const { raw } = site.file.read();
    const found = await Promise.all([
      ...TOOLS.map((tool) => look(site, withSkew(tool, raw))),
      lookForSudo(site),
      ...(needsBuilder(raw) ? [lookForBuilder(site)] : []),
    ]);
    const wrong = found.filter(({ fix }) => fix !== undefined);
    if (wrong.length > 0) {
      throw new GuideError(wrong.map(({ says }) => says).join("\n"), {
        fixes: fixesOf(wrong.flatMap(({ fix }) => fix ?? [])),
      });
    }
    return found.map(({ says }) => says).join(", ");
  },
  action: nothingToDo,
};

function fixesOf(fixes: readonly Fix[]): string[] {
  const packages = fixes.flatMap((fix) => (typeof fix === "string" ? [] : [fix.apt]));
  const sudo = process.getuid?.() === 0 ? "" : "sudo ";
  return [
    ...fixes.filter((fix) => typeof fix === "string"),
    ...(packages.length === 0
      ? []
      : [`${sudo}apt update && ${sudo}apt install ${packages.join(" ")}`]),
  ];
}

interface Found {
  readonly says: string;
  /** What to do; undefined where it is there and new enough. */
  readonly fix?: Fix;
}

async function look({ run }: Site, { name, version, least, fix }: Tool): Promise<Found> {
  const [program, ...args] = version;
  try {
    const printed = await run(program, args);
    const own = /\d+\.\d+[\d.]*/.exec(printed)?.[0];
    if (least !== undefined && own !== undefined && isOlder(own, least)) {
      return { says: `${name} ${own} is too old: ${least} or newer is needed`, fix };
    }
    return { says: own === undefined ? name : `${name} ${own}` };
  } catch (error) {
    if (!(error instanceof CommandError)) {
      throw error;
    }
    return error.isMissing
      ? { says: `${name} is not installed`, fix }
      : { says: `${name} does not work: ${error.lines.at(-1) ?? error.message}`, fix };
  }
}

/** Each `up` brings this computer's part of the overlay up, and asks for no password. */
async function lookForSudo({ run, env }: Site): Promise<Found> {
  const user = env["USER"] ?? "you";
  if (process.getuid?.() === 0) {
    return { says: "root" };
  }
  try {
    await run("sudo", ["-n", "wg-quick", "--help"]);
    return { says: "sudo" };
  } catch (error) {
    if (!(error instanceof CommandError)) {
      throw error;
    }
    return {
      says: error.isMissing
        ? "sudo is not installed"
        : `sudo asks ${user} for a password, which pulumi up cannot answer`,
      fix: error.isMissing
        ? "as root: apt install sudo, and give your user the line below"
        : `sudo visudo -f /etc/sudoers.d/fogline, with the line: ${user} ALL=(root) NOPASSWD: ALL`,
    };
  }
}

async function lookForBuilder({ run }: Site): Promise<Found> {
  for (const program of BUILDERS) {
    try {
      await run(program, ["--version"]);
      return { says: program };
    } catch (error) {
      if (!(error instanceof CommandError)) {
        throw error;
      }
      // Another one may be there.
    }
  }
  return {
    says:
      "none of buildah, podman and docker is installed, and website.image is build " +
      "(docs/images.md: it can be a published image)",
    fix: { apt: "buildah" },
  };
}

function needsBuilder(raw: Readonly<Record<string, unknown>>): boolean {
  return (raw["website"] as { image?: unknown } | undefined)?.image === "build";
}

/**
 * kubectl may be one minor release older than the API server ("Version Skew Policy", Kubernetes), whose
 * release is K3s'.
 */
function withSkew(tool: Tool, raw: Readonly<Record<string, unknown>>): Tool {
  const k3s = (raw["k3s"] as { version?: unknown } | undefined)?.version;
  const minor = typeof k3s === "string" ? /^v1\.(\d+)\./.exec(k3s)?.[1] : undefined;
  return tool.name === "kubectl" && minor !== undefined
    ? { ...tool, least: `1.${Number(minor) - 1}` }
    : tool;
}

/** Whether one release comes before another, number by number. */
export function isOlder(own: string, least: string): boolean {
  const [a, b] = [own, least].map((text) => text.split(".").map(Number));
  for (const [n, wanted] of (b ?? []).entries()) {
    const have = a?.[n] ?? 0;
    if (have !== wanted) {
      return have < wanted;
    }
  }
  return false;
}
