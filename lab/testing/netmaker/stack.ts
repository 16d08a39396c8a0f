/** A stack of a test's own: the real engine and the real plugin, and a program in the test's process. */
import { mkdtemp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  LocalWorkspace,
  type OutputMap,
  type ConfigValue,
  type EngineEvent,
  PulumiCommand,
  type PulumiFn,
  type Stack,
} from "@pulumi/pulumi/automation/index.js";
import { stringify } from "yaml";

import { bundlePlugin } from "../../bundle.ts";
import { readOutputsLater } from "../../engine/outputs.ts";
import { ensureEngine } from "../../toolchain/toolchain.ts";

const PLUGIN = "packages/pulumi-netmaker/provider";

let cli: Promise<PulumiCommand> | undefined;

/** The CLI, which is asked for its version once. */
function findCli(): Promise<PulumiCommand> {
  return (cli ??= ensureEngine(() => undefined).then((root) => PulumiCommand.get({ root })));
}

/** One resource as the engine remembers it. */
export interface Remembered {
  readonly type: string;
  readonly id: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** Resources by what was done to them, those that stayed as they were left out. */
export type Changes = Readonly<Record<string, readonly string[]>>;

export class TestStack implements AsyncDisposable {
  private constructor(
    private readonly stack: Stack,
    private readonly readOutputs: () => Promise<OutputMap>,
    private readonly folder: string,
  ) {}

  /**
   * An empty stack, with a state and a passphrase of its own.
   *
   * @param plugins sources of the plugins that it runs, folders below the checkout by provider; default Netmaker's
   */
  static async create(
    program: PulumiFn,
    plugins: Readonly<Record<string, string>> = { netmaker: PLUGIN },
  ): Promise<TestStack> {
    const folder = await mkdtemp(join(tmpdir(), "fogline-stack-"));
    await mkdir(join(folder, "state"));
    const providers = await Promise.all(
      Object.entries(plugins).map(async ([name, source]) => ({
        name,
        path: await bundlePlugin(source, name),
      })),
    );
    await writeFile(
      join(folder, "Pulumi.yaml"),
      stringify({ name: "mesh", runtime: "nodejs", plugins: { providers } }),
    );
    const pulumiCommand = await findCli();
    const stack = await LocalWorkspace.createStack(
      { stackName: "test", projectName: "mesh", program },
      {
        workDir: folder,
        pulumiCommand,
        envVars: {
          PULUMI_HOME: join(folder, "home"),
          // As the lab: a killed engine can leave a file of attributes empty, the state unreadable.
          PULUMI_BACKEND_URL: `file://${join(folder, "state")}?metadata=skip`,
          PULUMI_CONFIG_PASSPHRASE: "of this test alone",
          PULUMI_SKIP_UPDATE_CHECK: "true",
          PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
          PULUMI_DIY_BACKEND_NO_LEGACY_WARNING: "true",
        },
      },
    );
    return new TestStack(stack, readOutputsLater(stack), folder);
  }

  /** Sets what the program's configuration reads, and beside it what is secret. */
  async configure(
    plain: Readonly<Record<string, string>>,
    secrets: Readonly<Record<string, string>>,
  ): Promise<void> {
    const all = (values: typeof plain, secret: boolean): [string, ConfigValue][] =>
      Object.entries(values).map(([key, value]) => [key, { value, secret }]);
    await this.stack.setAllConfig(
      Object.fromEntries([...all(plain, false), ...all(secrets, true)]),
    );
  }

  /** Sets a part of a structured value, e.g. `shop:door.code`, as `pulumi config set --path` does. */
  async configurePart(path: string, value: string, secret: boolean): Promise<void> {
    await this.stack.setConfig(path, { value, secret }, true);
  }

  /**
   * What `pulumi up` shows before it asks whether to go on.
   *
   * @throws Error with the engine's output when it refuses
   */
  async preview(program?: PulumiFn): Promise<Changes> {
    const changes = new ChangeLog();
    await this.stack.preview({ ...changes.options, ...(program && { program }) });
    return changes.byKind;
  }

  /** Brings the server to what a program declares, by default the stack's own; without a preview. */
  async up(program?: PulumiFn): Promise<Changes> {
    const changes = new ChangeLog();
    await this.stack.up({ ...changes.options, ...(program && { program }) });
    return changes.byKind;
  }

  /** Asks the server what stands, and remembers it. */
  async refresh(): Promise<Changes> {
    const changes = new ChangeLog();
    await this.stack.refresh(changes.options);
    return changes.byKind;
  }

  /** What an update that asks the server first would still change: nothing, where all is as declared. */
  async changesLeft(program?: PulumiFn): Promise<Changes> {
    const changes = new ChangeLog();
    const options = { ...changes.options, refresh: true };
    await this.stack.up({ ...options, ...(program && { program }) });
    return changes.byKind;
  }

  async destroy(): Promise<void> {
    await this.stack.destroy({ color: "never" });
  }

  /** The outputs of the program, secrets revealed. */
  async outputs(): Promise<Readonly<Record<string, unknown>>> {
    const outputs = await this.readOutputs();
    return Object.fromEntries(Object.entries(outputs).map(([key, { value }]) => [key, value]));
  }

  /** What the engine remembers of the server's resources, by their names in the program. */
  async remembered(): Promise<Readonly<Record<string, Remembered>>> {
    const exported = await this.stack.exportStack();
    const { resources = [] } = exported.deployment as {
      resources?: (Remembered & { readonly urn: string })[];
    };
    return Object.fromEntries(
      resources
        .filter(({ type }) => isCounted(type))
        .map((resource) => [resource.urn.split("::").at(-1) ?? "", resource]),
    );
  }

  /** The state as it lies on the disk. */
  stateFile(): Promise<string> {
    return readFile(join(this.folder, "state", ".pulumi", "stacks", "mesh", "test.json"), "utf8");
  }

  /** Lets go of the lock that a killed engine leaves. */
  async unlock(): Promise<void> {
    await this.stack.cancel();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** What an update did to the server's resources, from the engine's events. */
class ChangeLog {
  readonly byKind: Record<string, string[]> = {};
  readonly options = {
    color: "never" as const,
    onEvent: ({ resOutputsEvent, resourcePreEvent }: EngineEvent): void => {
      // A refresh knows only afterwards what it did.
      const { metadata } = resOutputsEvent ?? resourcePreEvent ?? {};
      if (metadata === undefined || !isCounted(metadata.type) || QUIET.has(metadata.op)) {
        return;
      }
      const name = metadata.urn.split("::").at(-1) ?? "";
      const names = (this.byKind[metadata.op] ??= []);
      if (!names.includes(name)) {
        names.push(name);
        names.sort();
      }
    },
  };
}

/** Whether changes of a type are told: those of resources that stand on a server. */
function isCounted(type: string): boolean {
  return type.startsWith("netmaker:") || type.includes("kubernetes");
}

/** No change: what stays, and the act of looking. */
const QUIET: ReadonlySet<string> = new Set(["same", "refresh"]);
