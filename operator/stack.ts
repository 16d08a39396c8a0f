/** A stack that runs, as its operator's computer asks it, which is a member of the overlay. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parse } from "yaml";
import { z } from "zod";

import { cloud } from "../config/cloud.ts";
import { edge } from "../config/edge.ts";
import { nodeName } from "../config/names.ts";
import { expandHome } from "../config/paths.ts";
import { operator } from "../config/schema.ts";
import { ask, OperatorError, run, type Run } from "./command.ts";
import { runScript, type Login, type ScriptOptions } from "./machine.ts";

/** Outputs of the program (stacks/fog.ts and the apps') that are asked for here. */
const OUTPUTS = z.object({
  kubeconfig: z.string().min(1),
  /** Node names and overlay addresses. */
  overlay: z.array(z.object({ name: z.string(), address: z.string() })),
  /** The cloud's machines. */
  inventory: z.array(
    z.object({ name: z.string(), publicAddress: z.string(), resourceGroup: z.string() }),
  ),
  websiteUrl: z.string().optional(),
  websiteUrls: z.array(z.string()).optional(),
  versions: z.object({ k3s: z.string() }),
});
/** What a stack tells of itself; the kubeconfig is secret. */
export type Outputs = Readonly<z.output<typeof OUTPUTS>>;

/** Settings by which machines are logged in on. */
const SETTINGS = z.object({
  "fogline:operator": z.object(operator.pick({ sshKey: true }).shape).prefault({}),
  "fogline:cloud": z.object(cloud.pick({ adminUser: true, protect: true }).shape).prefault({}),
  "fogline:edge": edge,
});

export class RunningStack implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "fogline-stack-"));
  readonly #kubeconfig = join(this.#folder, "kubeconfig");
  readonly #remove = (): void => {
    rmSync(this.#folder, { recursive: true, force: true });
  };

  #settings: z.output<typeof SETTINGS> | undefined;

  private constructor(
    readonly name: string,
    readonly outputs: Outputs,
    private readonly run: Run,
    private readonly project: string,
  ) {
    // Also where the process ends in the middle of its work.
    process.once("exit", this.#remove);
    writeFileSync(this.#kubeconfig, outputs.kubeconfig, { mode: 0o600 });
  }

  /**
   * Asks Pulumi for a stack's outputs; its kubeconfig lies in a folder of this user's own until this is disposed of.
   *
   * @param project folder of the stack files; default: the one that the command runs in
   * @throws OperatorError when Pulumi has no outputs of it
   */
  static async open(name: string, runs: Run = run, project = "."): Promise<RunningStack> {
    if (name === "") {
      throw new OperatorError("STACK is not given: it must name a stack. fix: STACK=dev");
    }
    const args = ["stack", "output", "--json", "--show-secrets", `--stack=${name}`];
    const text = await ask(`the stack ${name} has no outputs`, "pulumi", args, {}, runs);
    const outputs = OUTPUTS.safeParse(JSON.parse(text));
    if (!outputs.success) {
      // The outputs' names alone: one of them is secret.
      const names = new Set(outputs.error.issues.map(({ path }) => String(path[0])));
      throw new OperatorError(
        `the stack ${name} is not up: it lacks the output ${[...names].join(", ")}. ` +
          `fix: pulumi up --stack ${name}`,
      );
    }
    return new RunningStack(name, outputs.data, runs, project);
  }

  /** What its file says of machines. @throws OperatorError when it cannot be read */
  private get settings(): z.output<typeof SETTINGS> {
    return (this.#settings ??= settingsOf(this.name, this.project));
  }

  /** Whether the cloud's machines and network refuse to be deleted. @throws OperatorError as its settings */
  get isProtected(): boolean {
    return this.settings["fogline:cloud"].protect;
  }

  /** Addresses of the website, by which the internet reaches it. */
  get websiteUrls(): readonly string[] {
    const { websiteUrls, websiteUrl } = this.outputs;
    return websiteUrls ?? (websiteUrl === undefined ? [] : [websiteUrl]);
  }

  /** The command line of kubectl for its cluster. */
  kubectlCommand(args: readonly string[]): readonly [command: string, ...args: string[]] {
    return ["kubectl", `--kubeconfig=${this.#kubeconfig}`, ...args];
  }

  /**
   * What kubectl prints.
   *
   * @param options input for it, and how long it may take
   * @throws OperatorError with what it said
   */
  async kubectl(args: readonly string[], options: Parameters<Run>[2] = {}): Promise<string> {
    const [command, ...all] = this.kubectlCommand(args);
    return ask("kubectl", command, all, options, this.run);
  }

  /**
   * How a machine is logged in on.
   *
   * @param machine its name, in any case
   * @throws OperatorError when the stack's file cannot be read
   */
  login(machine: string): Login {
    const node = nodeName({ name: machine });
    const device = this.settings["fogline:edge"].find((each) => nodeName(each) === node);
    const member = this.outputs.overlay.find((each) => nodeName(each) === node);
    return {
      node,
      user: device?.user ?? this.settings["fogline:cloud"].adminUser,
      address: member?.address ?? node,
      key: expandHome(this.settings["fogline:operator"].sshKey),
    };
  }

  /** Runs a script as root on a machine: see {@link runScript}. */
  onMachine(machine: string, script: string, options: ScriptOptions = {}): Promise<string> {
    return runScript(this.run, this.login(machine), script, options);
  }

  [Symbol.dispose](): void {
    process.off("exit", this.#remove);
    this.#remove();
  }
}

function settingsOf(stack: string, project: string): z.output<typeof SETTINGS> {
  // A stack may be called with its organization and project before its name.
  const file = join(project, `Pulumi.${stack.split("/").at(-1) ?? ""}.yaml`);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new OperatorError(`${file} cannot be read: ${(error as Error).message}`);
  }
  const { config } = z.object({ config: z.unknown().prefault({}) }).parse(parse(text));
  const settings = SETTINGS.safeParse(config);
  if (!settings.success) {
    const lines = settings.error.issues.map(
      ({ path, message }) => `${path.join(".")}: ${message.replace("|", ". fix: ")}`,
    );
    throw new OperatorError(`${file}:\n${lines.join("\n")}`);
  }
  return settings.data;
}
