/** A stack of a test's own, for scripts that call `pulumi`: the real CLI, a program of this process. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { bindToLoopback } from "@fogline/pulumi-kit/bind";
import grpc from "@grpc/grpc-js";
import * as automation from "@pulumi/pulumi/automation/server.js";
import type { PulumiFn } from "@pulumi/pulumi/automation/index.js";
import language from "@pulumi/pulumi/proto/language_grpc_pb.js";
import { execa } from "execa";
import { stringify } from "yaml";

import { PROJECT } from "../../lab/layout.ts";

/** Names that are as long as secrets are. */
export const STACK_NAME = "staging";
export const PROJECT_NAME = "filesystem";

/** What the Automation API serves programs of its own process with; its types leave it out. */
const { LanguageServer } = automation as unknown as {
  readonly LanguageServer: new (program: PulumiFn) => grpc.UntypedServiceImplementation;
};

/** What a process came to. */
export interface Ran {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** A stack whose resources are files. */
export class ScriptStack implements AsyncDisposable {
  private constructor(
    /** A folder that goes with the stack. */
    readonly folder: string,
    private readonly server: grpc.Server,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  /**
   * An empty stack.
   *
   * @param engine folder with `bin/pulumi`
   */
  static async create(engine: string, program: PulumiFn): Promise<ScriptStack> {
    const folder = mkdtempSync(join(tmpdir(), "fogline-ci-stack-"));
    for (const name of ["bin", "state"]) {
      mkdirSync(join(folder, name));
    }
    const server = new grpc.Server();
    server.addService(language.LanguageRuntimeService, new LanguageServer(program));
    const port = await bindToLoopback(server);
    const providers = [{ name: "files", path: join(PROJECT, "ci/testing") }];
    writeFileSync(
      join(folder, "Pulumi.yaml"),
      stringify({ name: PROJECT_NAME, runtime: "nodejs", plugins: { providers } }),
    );
    // The scripts call `pulumi` in the checkout; the program runs here, as no language host is needed.
    writeFileSync(
      join(folder, "bin/pulumi"),
      `#!/bin/bash\ncd '${folder}'\nclient=()\ncase $1 in preview | up) client=(--client=127.0.0.1:${port}) ;; esac\n` +
        `exec '${engine}/bin/pulumi' "$@" "\${client[@]}"\n`,
      { mode: 0o755 },
    );
    const stack = new ScriptStack(folder, server, {
      PATH: `${join(folder, "bin")}:${process.env["PATH"] ?? ""}`,
      TMPDIR: folder,
      PULUMI_HOME: join(folder, "home"),
      PULUMI_BACKEND_URL: `file://${join(folder, "state")}?metadata=skip`,
      PULUMI_CONFIG_PASSPHRASE: "of this test alone",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    });
    await stack.pulumi("stack", "init", STACK_NAME);
    return stack;
  }

  /** Runs the CLI. @throws Error where it fails, with what it printed */
  async pulumi(...args: readonly string[]): Promise<string> {
    const { stdout } = await execa(join(this.folder, "bin/pulumi"), args, { env: this.env });
    return stdout;
  }

  /** Runs a script of `ci/` against the stack. */
  async script(name: string, ...args: readonly string[]): Promise<Ran> {
    const options = { env: this.env, reject: false } as const;
    const { exitCode, stdout, stderr } = await execa(join(PROJECT, "ci", name), args, options);
    return { exitCode, stdout, stderr };
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.server.forceShutdown();
    rmSync(this.folder, { recursive: true, force: true });
    return Promise.resolve();
  }
}
