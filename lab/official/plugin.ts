/**
 * A Pulumi resource plugin, official or stand-in, driven as the engine drives it: started with the
 * engine's address, attached, configured and called. Values are plain, with the envelopes of
 * `@fogline/pulumi-kit/values` for secrets, assets and what is not known yet.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { basename, dirname } from "node:path";
import { createInterface } from "node:readline";

import { hasUnknown, nameOf, typeOf, unwrap, type Properties } from "@fogline/pulumi-kit/values";
import { fromStruct, toStruct } from "@fogline/pulumi-kit/wire";
import grpc from "@grpc/grpc-js";
import pluginProto from "@pulumi/pulumi/proto/plugin_pb.js";
import stubs from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import proto from "@pulumi/pulumi/proto/provider_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";

import { CONDITION } from "../../testing/patience.ts";
import { startEngine, type Engine, type Message } from "./engine.ts";
import { describeDifference, failuresOf, PluginError } from "./wire.ts";
import type { Checked, Difference } from "./wire.ts";

/** A resource as the engine's state holds it. */
export interface Resource {
  readonly urn: string;
  readonly id: string;
  readonly inputs: Properties;
  readonly outputs: Properties;
}

/** What the engine calls a resource. */
export function urnOf(type: string, name = "one"): string {
  return `urn:pulumi:official::fogline::${type}::${name}`;
}

/**
 * Starts a plugin and greets it. It is configured by the caller, as the engine does for each
 * provider of a program.
 *
 * @throws Error when it ends, or names no port in time; with what it said
 */
export async function startPlugin(executable: string): Promise<Plugin> {
  const messages: Message[] = [];
  const hear = (message: Message): void => {
    messages.push(message);
  };
  const engine = await startEngine(hear);
  // A group of its own, so that what it starts ends with it.
  const child = spawn(executable, [engine.address], {
    cwd: dirname(executable),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const note = (text: string): void => {
    hear({ severity: "output", text, isEphemeral: false });
  };
  try {
    createInterface({ input: child.stderr }).on("line", note);
    const port = await portOf(child, note);
    const plugin = new Plugin(executable, child, engine, `127.0.0.1:${port}`, messages);
    await plugin.greet();
    return plugin;
  } catch (error) {
    await end(child);
    engine.stop();
    const said = messages.map(({ text }) => `\n${text}`).join("");
    throw new Error(`${basename(executable)} does not start: ${String(error)}${said}`, {
      cause: error,
    });
  }
}

/** A running plugin. Calls that it refuses throw `PluginError`. */
export class Plugin implements AsyncDisposable {
  private readonly client: stubs.ResourceProviderClient;
  private info = { version: "", supportsPreview: false, acceptsSecrets: false };

  constructor(
    /** The file that runs. */
    private readonly executable: string,
    private readonly child: ChildProcess,
    private readonly engine: Engine,
    address: string,
    /** All messages that it has sent to the engine, oldest first. */
    readonly messages: readonly Message[],
  ) {
    this.client = new stubs.ResourceProviderClient(address, grpc.credentials.createInsecure(), {
      "grpc.max_receive_message_length": -1,
      "grpc.max_send_message_length": -1,
    });
  }

  /** Texts of all messages that it has sent to the engine. */
  get said(): string[] {
    return this.messages.map(({ text }) => text);
  }

  /** The version that it says of itself, without a leading `v`; empty if it says none. */
  get version(): string {
    return this.info.version;
  }

  /** Handshake and plugin information; plugins from before the handshake do without it. */
  async greet(): Promise<void> {
    const request = new proto.ProviderHandshakeRequest()
      .setEngineAddress(this.engine.address)
      .setRootDirectory(dirname(this.executable))
      .setProgramDirectory(dirname(this.executable))
      .setConfigureWithUrn(true);
    try {
      const answer = await this.call<proto.ProviderHandshakeResponse>((done) =>
        this.client.handshake(request, done),
      );
      this.info.acceptsSecrets = answer.getAcceptSecrets();
    } catch (error) {
      if ((error as { code?: unknown }).code !== grpc.status.UNIMPLEMENTED) {
        throw error;
      }
    }
    const info = await this.call<pluginProto.PluginInfo>((done) =>
      this.client.getPluginInfo(new empty.Empty(), done),
    );
    this.info.version = info.getVersion().replace(/^v/, "");
  }

  /** Compares settings of the provider; unknown ones as in a preview. */
  async diffConfig(olds: Properties, news: Properties): Promise<Difference> {
    // The engine hides from the plugin which settings are secret.
    const [before, after] = [olds, news].map((all) => toStruct(unwrap(all) as Properties));
    const request = this.about(new proto.DiffRequest(), this.providerUrn)
      .setId("provider")
      .setOldInputs(before)
      .setOlds(before)
      .setNews(after);
    return describeDifference(
      await this.call<proto.DiffResponse>((done) => this.client.diffConfig(request, done)),
    );
  }

  /**
   * Configures the plugin.
   *
   * @throws Error for settings that are not known: the engine then asks the plugin nothing
   */
  async configure(settings: Properties = {}): Promise<void> {
    if (hasUnknown(settings)) {
      throw new Error("the engine configures no plugin before all of its settings are known");
    }
    const request = this.about(new proto.ConfigureRequest(), this.providerUrn)
      .setId("provider")
      .setArgs(toStruct(settings))
      .setAcceptsecrets(true)
      .setAcceptresources(true)
      .setSendsOldInputs(true)
      .setSendsOldInputsToDelete(true);
    const variables = request.getVariablesMap();
    for (const [key, value] of Object.entries(unwrap(settings) as Properties)) {
      const text = typeof value === "string" ? value : JSON.stringify(value);
      variables.set(`${this.package}:config:${key}`, text);
    }
    const answer = await this.call<proto.ConfigureResponse>((done) =>
      this.client.configure(request, done),
    );
    this.info.acceptsSecrets ||= answer.getAcceptsecrets();
    this.info.supportsPreview = answer.getSupportspreview();
  }

  async check(urn: string, inputs: Properties, olds: Properties = {}): Promise<Checked> {
    const request = this.about(new proto.CheckRequest(), urn)
      .setRandomseed(randomBytes(32))
      .setOlds(this.send(olds))
      .setNews(this.send(inputs));
    const answer = await this.call<proto.CheckResponse>((done) => this.client.check(request, done));
    return { inputs: fromStruct(answer.getInputs()), failures: failuresOf(answer) };
  }

  /** What new inputs change of a resource. */
  async diff(old: Resource, inputs: Properties): Promise<Difference> {
    const request = this.about(new proto.DiffRequest(), old.urn)
      .setId(old.id)
      .setOlds(this.send(old.outputs))
      .setOldInputs(this.send(old.inputs))
      .setNews(this.send(inputs));
    return describeDifference(
      await this.call<proto.DiffResponse>((done) => this.client.diff(request, done)),
    );
  }

  /**
   * Makes a resource of checked inputs. A preview of a plugin that has none shows the inputs.
   *
   * @param options `isPreview` only says what would be; default false
   */
  async create(
    urn: string,
    inputs: Properties,
    { isPreview = false }: { readonly isPreview?: boolean } = {},
  ): Promise<Resource> {
    if (isPreview && !this.info.supportsPreview) {
      return { urn, id: "", inputs, outputs: inputs };
    }
    const request = this.about(new proto.CreateRequest(), urn)
      .setProperties(this.send(inputs))
      .setPreview(isPreview);
    const answer = await this.call<proto.CreateResponse>((done) =>
      this.client.create(request, done),
    );
    return { urn, id: answer.getId(), inputs, outputs: fromStruct(answer.getProperties()) };
  }

  /**
   * Changes a resource to checked inputs.
   *
   * @param options `ignoreChanges` are the properties whose changes the program ignores; default none
   */
  async update(
    old: Resource,
    inputs: Properties,
    { ignoreChanges = [] }: { readonly ignoreChanges?: string[] } = {},
  ): Promise<Resource> {
    const request = this.about(new proto.UpdateRequest(), old.urn)
      .setId(old.id)
      .setOlds(this.send(old.outputs))
      .setOldInputs(this.send(old.inputs))
      .setNews(this.send(inputs))
      .setIgnorechangesList(ignoreChanges);
    const answer = await this.call<proto.UpdateResponse>((done) =>
      this.client.update(request, done),
    );
    return { ...old, inputs, outputs: fromStruct(answer.getProperties()) };
  }

  /** The resource as it is now; undefined where it is gone. With empty state it is imported. */
  async read(old: Resource): Promise<Resource | undefined> {
    const request = this.about(new proto.ReadRequest(), old.urn)
      .setId(old.id)
      .setInputs(this.send(old.inputs))
      .setProperties(this.send(old.outputs));
    const answer = await this.call<proto.ReadResponse>((done) => this.client.read(request, done));
    return answer.getId() === ""
      ? undefined
      : {
          urn: old.urn,
          id: answer.getId(),
          inputs: fromStruct(answer.getInputs()),
          outputs: fromStruct(answer.getProperties()),
        };
  }

  async delete(old: Resource): Promise<void> {
    const request = this.about(new proto.DeleteRequest(), old.urn)
      .setId(old.id)
      .setProperties(this.send(old.outputs))
      .setOldInputs(this.send(old.inputs));
    await this.call<empty.Empty>((done) => this.client.delete(request, done));
  }

  /** Asks it to cancel running operations, as the engine does at the first Ctrl-C. */
  async cancel(): Promise<void> {
    await this.call<empty.Empty>((done) => this.client.cancel(new empty.Empty(), done));
  }

  /** Ends it with everything that it started; nothing to do is no error. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    await end(this.child);
    this.engine.stop();
  }

  /** Name of the provider, e.g. `random`. */
  private get package(): string {
    return basename(this.executable).replace(/^pulumi-resource-/, "");
  }

  private get providerUrn(): string {
    return urnOf(`pulumi:providers:${this.package}`, "provider");
  }

  /** Secrets go as such only to plugins that take them. */
  private send(properties: Properties): ReturnType<typeof toStruct> {
    return toStruct(this.info.acceptsSecrets ? properties : (unwrap(properties) as Properties));
  }

  private about<Request extends Named>(request: Request, urn: string): Request {
    request.setUrn(urn);
    request.setName(nameOf(urn));
    request.setType(typeOf(urn));
    return request;
  }

  private call<Answer>(
    start: (done: (error: grpc.ServiceError | null, answer: Answer) => void) => unknown,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      start((error, answer) => {
        if (error === null) {
          resolve(answer);
        } else {
          reject(new PluginError(error));
        }
      });
    });
  }
}

interface Named {
  setUrn(urn: string): unknown;
  setName(name: string): unknown;
  setType(type: string): unknown;
}

/** The port, the first line that a plugin prints; what follows is noted. */
async function portOf(child: ChildProcess, note: (line: string) => void): Promise<number> {
  if (child.stdout === null) {
    throw new Error("its output cannot be read");
  }
  const lines = createInterface({ input: child.stdout });
  const abort = new AbortController();
  const timer = setTimeout(() => {
    abort.abort(new Error(`no port in ${CONDITION / 1000} s`));
  }, CONDITION);
  try {
    const { signal } = abort;
    const [first] = (await Promise.race([
      once(lines, "line", { signal }),
      once(child, "close", { signal }).then(([code, name]) => {
        throw new Error(`it ended with ${String(code ?? name)} before it named its port`);
      }),
    ])) as [string];
    if (!/^\d+$/.test(first)) {
      throw new Error(`its first line is no port: ${first}`);
    }
    lines.on("line", note);
    return Number(first);
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const ended = once(child, "exit");
  process.kill(-child.pid, "SIGKILL");
  await ended;
}
