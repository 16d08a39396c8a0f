/**
 * Serves a provider by the engine's protocol. Written on the protocol's own stubs: the
 * SDK's `provider.main` can name neither the changed properties (so that a program's
 * `replaceOnChanges` would be ignored) nor the old inputs, prints a stack for every refused
 * request, and takes no message over 4 MiB.
 */
import grpc from "@grpc/grpc-js";
import plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import stubs from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import proto from "@pulumi/pulumi/proto/provider_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";

import { bindToLoopback } from "./bind.ts";
import { topOf, type Change } from "./difference.ts";
import { holdsSecret, type Problem, type Properties } from "./values.ts";

/** A change, and whether the resource has to be made anew for it. */
export interface PlannedChange extends Change {
  readonly replaces: boolean;
}

/** What a provider does for the engine. Whatever it throws fails the resource with that message. */
export interface Provider {
  /** Version of the npm package whose resources these are. */
  readonly version: string;
  /** The schema of its package, as JSON; default an empty one. */
  readonly schema?: string;
  /**
   * Takes the provider's own settings, e.g. whom to log in as. Called before all that follows, again
   * where the settings change.
   */
  configure?(settings: Properties): void;
  /** Problems of the provider's own settings, among which some may not be known yet. */
  checkConfig?(settings: Properties): Problem[];
  /** Inputs with what the program left out; default the inputs as they are. */
  complete?(urn: string, inputs: Properties): Properties;
  /** Problems of inputs, among which some may not be known yet. */
  check(urn: string, inputs: Properties): Problem[];
  diff(urn: string, oldInputs: Properties, inputs: Properties): PlannedChange[];
  create(urn: string, inputs: Properties): Promise<{ id: string; outputs: Properties }>;
  /** @returns the new outputs */
  update(urn: string, olds: Properties, inputs: Properties, id: string): Promise<Properties>;
  delete(urn: string, outputs: Properties, id: string): Promise<void>;
  /** Calls a function; outputs and, where the arguments are refused, their problems. */
  invoke(
    token: string,
    args: Properties,
  ): Promise<{ outputs: Properties; problems: readonly Problem[] }>;
  /**
   * What stands behind an id now, or that it is gone. Without it the engine's state is believed. To
   * import a resource the engine asks with an empty state.
   */
  read?(
    urn: string,
    id: string,
    state: { readonly inputs: Properties; readonly outputs: Properties },
  ): MaybePromise<{ id?: string; inputs: Properties; outputs: Properties } | undefined>;
  /**
   * What `create` and `update` would come to; an output that is left out is not known yet. Without
   * it a preview shows inputs alone.
   */
  readonly preview?: {
    create(urn: string, inputs: Properties): Properties;
    update(urn: string, olds: Properties, inputs: Properties): Properties;
  };
  /** Whether an old resource goes before its replacement comes, e.g. as both have one name. */
  readonly deleteBeforeReplace?: boolean;
  /** What is at work is to end early. */
  cancel(): Promise<void>;
}

type MaybePromise<T> = T | Promise<T>;

const UNLIMITED = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 };
/** Characters of an error: it travels in a header, which must not grow without bounds. */
const LONGEST_ERROR = 8000;

/**
 * Serves until the process ends; the port is the first line on stdout, as the engine expects.
 *
 * @throws Error when no port can be had
 */
export async function serve(provider: Provider): Promise<void> {
  const server = new grpc.Server(UNLIMITED);
  server.addService(stubs.ResourceProviderService, createService(provider));
  const port = await bindToLoopback(server);
  process.stdout.write(`${port}\n`);
}

function createService(provider: Provider): grpc.UntypedServiceImplementation {
  return {
    getPluginInfo: unary(() => {
      const info = new plugin.PluginInfo();
      info.setVersion(provider.version);
      return info;
    }),
    getSchema: unary(() => {
      const response = new proto.GetSchemaResponse();
      response.setSchema(provider.schema ?? "{}");
      return response;
    }),
    checkConfig: unary((request: proto.CheckRequest) => {
      const settings = read(request.getNews());
      const response = new proto.CheckResponse();
      response.setInputs(write(settings));
      // The engine does not say which settings are secret.
      response.setFailuresList(failures(provider.checkConfig?.(settings) ?? [], () => true));
      return response;
    }),
    // Its resources stay where they are: other settings are another way to the same things.
    diffConfig: unary(() => new proto.DiffResponse()),
    configure: unary((request: proto.ConfigureRequest) => {
      provider.configure?.(read(request.getArgs()));
      const response = new proto.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setAcceptoutputs(true);
      response.setSupportspreview(provider.preview !== undefined);
      return response;
    }),
    check: unary((request: proto.CheckRequest) => {
      const given = read(request.getNews());
      const inputs = provider.complete?.(request.getUrn(), given) ?? given;
      const response = new proto.CheckResponse();
      response.setInputs(write(inputs));
      response.setFailuresList(
        failures(provider.check(request.getUrn(), inputs), (name) => holdsSecret(inputs[name])),
      );
      return response;
    }),
    diff: unary((request: proto.DiffRequest) => {
      // Engines from before old inputs were sent leave only the old outputs to compare with.
      const olds = request.getOldInputs() ?? request.getOlds();
      const response = plan(provider.diff(request.getUrn(), read(olds), read(request.getNews())));
      response.setDeletebeforereplace(provider.deleteBeforeReplace === true);
      return response;
    }),
    create: unary(async (request: proto.CreateRequest) => {
      const inputs = read(request.getProperties());
      const response = new proto.CreateResponse();
      if (request.getPreview() && provider.preview !== undefined) {
        response.setProperties(write(provider.preview.create(request.getUrn(), inputs)));
        return response;
      }
      const made = await provider.create(request.getUrn(), inputs);
      response.setId(made.id);
      response.setProperties(write(made.outputs));
      return response;
    }),
    read: unary(async (request: proto.ReadRequest) => {
      const response = new proto.ReadResponse();
      if (provider.read === undefined) {
        response.setId(request.getId());
        response.setProperties(request.getProperties());
        response.setInputs(request.getInputs());
        return response;
      }
      const found = await provider.read(request.getUrn(), request.getId(), {
        inputs: read(request.getInputs()),
        outputs: read(request.getProperties()),
      });
      // No id says that the resource is gone.
      if (found !== undefined) {
        response.setId(found.id ?? request.getId());
        response.setProperties(write(found.outputs));
        response.setInputs(write(found.inputs));
      }
      return response;
    }),
    update: unary(async (request: proto.UpdateRequest) => {
      const olds = read(request.getOlds());
      const { preview } = provider;
      const how = request.getPreview() && preview !== undefined ? preview : provider;
      const outputs = await how.update(
        request.getUrn(),
        olds,
        read(request.getNews()),
        request.getId(),
      );
      const response = new proto.UpdateResponse();
      response.setProperties(write(outputs));
      return response;
    }),
    delete: unary(async (request: proto.DeleteRequest) => {
      await provider.delete(request.getUrn(), read(request.getProperties()), request.getId());
      return new empty.Empty();
    }),
    invoke: unary(async (request: proto.InvokeRequest) => {
      const result = await provider.invoke(request.getTok(), read(request.getArgs()));
      const response = new proto.InvokeResponse();
      response.setReturn(write(result.outputs));
      response.setFailuresList(failures(result.problems, () => false));
      return response;
    }),
    cancel: unary(async () => {
      await provider.cancel();
      return new empty.Empty();
    }),
  };
}

function unary<Request, Response>(
  handle: (request: Request) => Response | Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    const answer = async (): Promise<Response> => handle(call.request);
    answer().then(
      (response) => {
        callback(null, response);
      },
      (error: unknown) => {
        const text = error instanceof Error ? error.message : String(error);
        callback({ code: grpc.status.UNKNOWN, details: text.slice(0, LONGEST_ERROR) });
      },
    );
  };
}

function plan(changes: readonly PlannedChange[]): proto.DiffResponse {
  const { DIFF_NONE, DIFF_SOME } = proto.DiffResponse.DiffChanges;
  const { ADD, ADD_REPLACE, DELETE, DELETE_REPLACE, UPDATE, UPDATE_REPLACE } =
    proto.PropertyDiff.Kind;
  const kinds = {
    add: [ADD, ADD_REPLACE],
    delete: [DELETE, DELETE_REPLACE],
    update: [UPDATE, UPDATE_REPLACE],
  } as const;
  const response = new proto.DiffResponse();
  response.setChanges(changes.length === 0 ? DIFF_NONE : DIFF_SOME);
  response.setHasdetaileddiff(true);
  response.setDiffsList(changes.map(({ path }) => path));
  response.setReplacesList(changes.filter(({ replaces }) => replaces).map(({ path }) => path));
  for (const { path, kind, replaces } of changes) {
    const difference = new proto.PropertyDiff();
    difference.setKind(kinds[kind][replaces ? 1 : 0]);
    difference.setInputdiff(true);
    response.getDetaileddiffMap().set(path, difference);
  }
  return response;
}

/** Problems of inputs. The engine prints the value of the property that it is told, secret or not. */
function failures(
  problems: readonly Problem[],
  isSecret: (name: string) => boolean,
): proto.CheckFailure[] {
  return problems.map(({ property, reason }) => {
    const failure = new proto.CheckFailure();
    const hidden = isSecret(topOf(property));
    failure.setProperty(hidden ? "" : property);
    failure.setReason(hidden ? `${property}: ${reason}` : reason);
    return failure;
  });
}

function read(message: struct.Struct | undefined): Properties {
  return message?.toJavaScript() ?? {};
}

function write(properties: Properties): struct.Struct {
  // A field without a value is one that is not there: the protocol has no word for it.
  const present = Object.entries(properties).filter(([, value]) => value !== undefined);
  return struct.Struct.fromJavaScript(
    Object.fromEntries(present) as Record<string, struct.JavaScriptValue>,
  );
}
