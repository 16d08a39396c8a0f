/** The programs that build images, each told in its own words to do the same. */
import { execa, type ExecaError } from "execa";

import type { Arch } from "../../../components/machine.ts";
import { BuildError, type BuildOrder } from "./order.ts";

/** A program that builds images from Dockerfiles; arguments for each step. */
interface Tool {
  /** Succeeds where the program can build. */
  readonly probe: readonly string[];
  /** Options of a build beside platform, arguments and name. */
  readonly options: readonly string[];
  /** Writes an image into a file of the kind that `docker load` reads. */
  save(image: string, file: string): readonly string[];
  remove(image: string): readonly string[];
}

/**
 * The same sources then give the same image, and each instruction a layer of its own: a change of code
 * sends no data anew that lies beside it.
 */
const REPEATABLE = ["--timestamp=0", "--layers=true"];
/**
 * The platform that stages of `--platform=$BUILDPLATFORM` run on. docker knows it; buildah 1.28,
 * which is Debian 12's, takes the target's by itself and would have to emulate its processor.
 */
const BUILD_PLATFORM = `--build-arg=BUILDPLATFORM=linux/${process.arch === "arm64" ? "arm64" : "amd64"}`;

const TOOLS: Readonly<Record<string, Tool>> = {
  buildah: {
    probe: ["version"],
    options: [...REPEATABLE, BUILD_PLATFORM],
    save: (image, file) => ["push", image, `docker-archive:${file}`],
    remove: (image) => ["rmi", image],
  },
  podman: {
    probe: ["info"],
    options: [...REPEATABLE, BUILD_PLATFORM],
    save: (image, file) => ["save", "--format=docker-archive", `--output=${file}`, image],
    remove: (image) => ["rmi", image],
  },
  docker: {
    probe: ["version"],
    options: [],
    save: (image, file) => ["save", `--output=${file}`, image],
    remove: (image) => ["image", "rm", image],
  },
};

/** Names of the programs, in the order in which they are tried. */
export const BUILDERS: readonly string[] = Object.keys(TOOLS);

/** What docker's BuildKit is told: one image, without attestations, of the same time. */
const ENVIRONMENT = {
  DOCKER_BUILDKIT: "1",
  BUILDX_NO_DEFAULT_ATTESTATIONS: "1",
  SOURCE_DATE_EPOCH: "0",
};

/** Builds images with the program that this computer has. */
export class Builder {
  private constructor(
    /** Name of the program. */
    readonly name: string,
    private readonly tool: Tool,
  ) {}

  /**
   * Finds the program: the one that `BUILD_TOOL` names, or the first of buildah, podman and docker that
   * works.
   *
   * @throws BuildError telling what each lacks
   */
  static async find(env: NodeJS.ProcessEnv = process.env): Promise<Builder> {
    const wanted = env["BUILD_TOOL"] ?? "";
    if (wanted !== "" && !BUILDERS.includes(wanted)) {
      throw new BuildError(`BUILD_TOOL is ${wanted}: it must be ${BUILDERS.join(", ")} or unset`);
    }
    const lacks: string[] = [];
    for (const [name, tool] of Object.entries(TOOLS)) {
      if (wanted === "" || wanted === name) {
        const lack = await lackOf(name, tool);
        if (lack === undefined) {
          return new Builder(name, tool);
        }
        lacks.push(`  ${name}: ${lack}`);
      }
    }
    throw new BuildError(
      `this computer cannot build images\n${lacks.join("\n")}\n` +
        `fix: install ${wanted === "" ? "one of buildah, podman and docker" : wanted}, or name a published image in the settings (docs/images.md)`,
    );
  }

  /**
   * Builds an image for one processor architecture into a file.
   *
   * @param context folder with its Dockerfile
   * @throws BuildError with the last lines that the program wrote
   */
  async build(order: BuildOrder, arch: Arch, context: string, file: string): Promise<void> {
    const image = `localhost/fogline/${order.name}:${order.key}-${arch}`;
    const args = Object.entries(order.args).map(([name, value]) => `--build-arg=${name}=${value}`);
    const named = [`--platform=linux/${arch}`, ...args, `--tag=${image}`];
    const what = `${order.name} for ${arch}`;
    await this.run(`building ${what}`, ["build", ...this.tool.options, ...named, context]);
    try {
      await this.run(`reading ${what}`, this.tool.save(image, file));
    } finally {
      // What the image stands upon stays, for the next build.
      await execa(this.name, this.tool.remove(image), { reject: false });
    }
  }

  private async run(step: string, args: readonly string[]): Promise<void> {
    const options = { all: true, reject: false, stdin: "ignore", env: ENVIRONMENT } as const;
    const { failed, all, shortMessage } = await execa(this.name, args, options);
    if (failed) {
      const said = all.trim().split("\n").slice(-20).join("\n");
      throw new BuildError(
        `${step} with ${this.name} failed\n${said === "" ? (shortMessage ?? "") : said}`,
      );
    }
  }
}

/** Why a program cannot build; undefined where it can. */
async function lackOf(name: string, { probe }: Tool): Promise<string | undefined> {
  try {
    await execa(name, probe, { stdin: "ignore", timeout: 30_000 });
    return undefined;
  } catch (error) {
    const { code, stderr, shortMessage } = error as ExecaError;
    if (code === "ENOENT") {
      return "is not installed";
    }
    const said = typeof stderr === "string" ? stderr.trim().split("\n").at(-1) : "";
    return said === undefined || said === "" ? shortMessage : said;
  }
}
