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

import { bindToLoopback } from "./bind.ts";
import { topOf, type PlannedChange } from "./difference.ts";
import { holdsSecret, type Problem, type Properties } from "./values.ts";
import { checkFailures, checkResponse, diffResponse, fromStruct, toStruct, unary } from "./wire.ts";

export type { PlannedChange } from "./difference.ts";

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
  /** Running operations must end early. */
  cancel(): Promise<void>;
}

type MaybePromise<T> = T | Promise<T>;

const UNLIMITED = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 };

/**
 * Serves until the process ends; the port is the first line on stdout, as the engine expects.
 *
 * @throws Error when no port can be had
 */
export function serve(provider: Provider): Promise<void> {
  return serveMethods(createService(provider));
}

/**
 * The same for the protocol's methods themselves, for what a `Provider` cannot tell; those that are
 * left out answer "unimplemented".
 *
 * @throws Error when no port can be had
 */
export async function serveMethods(methods: grpc.UntypedServiceImplementation): Promise<void> {
  // Large states (definitions with long schemas) exceed gRPC's default of 4 MiB.
  const server = new grpc.Server(UNLIMITED);
  server.addService(stubs.ResourceProviderService, methods);
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
      const settings = fromStruct(request.getNews());
      const problems = provider.checkConfig?.(settings) ?? [];
      // The engine does not say which settings are secret.
      return checkResponse(
        settings,
        hideSecrets(problems, () => true),
      );
    }),
    // Its resources stay where they are: other settings are another way to the same things.
    diffConfig: unary(() => new proto.DiffResponse()),
    configure: unary((request: proto.ConfigureRequest) => {
      provider.configure?.(fromStruct(request.getArgs()));
      const response = new proto.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setAcceptoutputs(true);
      response.setSupportspreview(provider.preview !== undefined);
      return response;
    }),
    check: unary((request: proto.CheckRequest) => {
      const given = fromStruct(request.getNews());
      const inputs = provider.complete?.(request.getUrn(), given) ?? given;
      const problems = provider.check(request.getUrn(), inputs);
      return checkResponse(
        inputs,
        hideSecrets(problems, (name) => holdsSecret(inputs[name])),
      );
    }),
    diff: unary((request: proto.DiffRequest) => {
      // Engines from before old inputs were sent leave only the old outputs to compare with.
      const olds = request.getOldInputs() ?? request.getOlds();
      const news = fromStruct(request.getNews());
      return diffResponse({
        changes: provider.diff(request.getUrn(), fromStruct(olds), news),
        deleteBeforeReplace: provider.deleteBeforeReplace === true,
      });
    }),
    create: unary(async (request: proto.CreateRequest) => {
      const inputs = fromStruct(request.getProperties());
      const response = new proto.CreateResponse();
      if (request.getPreview() && provider.preview !== undefined) {
        response.setProperties(toStruct(provider.preview.create(request.getUrn(), inputs)));
        return response;
      }
      const made = await provider.create(request.getUrn(), inputs);
      response.setId(made.id);
      response.setProperties(toStruct(made.outputs));
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
        inputs: fromStruct(request.getInputs()),
        outputs: fromStruct(request.getProperties()),
      });
      // No id says that the resource is gone.
      if (found !== undefined) {
        response.setId(found.id ?? request.getId());
        response.setProperties(toStruct(found.outputs));
        response.setInputs(toStruct(found.inputs));
      }
      return response;
    }),
    update: unary(async (request: proto.UpdateRequest) => {
      const olds = fromStruct(request.getOlds());
      const { preview } = provider;
      const how = request.getPreview() && preview !== undefined ? preview : provider;
      const outputs = await how.update(
        request.getUrn(),
        olds,
        fromStruct(request.getNews()),
        request.getId(),
      );
      const response = new proto.UpdateResponse();
      response.setProperties(toStruct(outputs));
      return response;
    }),
    delete: unary(async (request: proto.DeleteRequest) => {
      await provider.delete(request.getUrn(), fromStruct(request.getProperties()), request.getId());
      return new empty.Empty();
    }),
    invoke: unary(async (request: proto.InvokeRequest) => {
      const result = await provider.invoke(request.getTok(), fromStruct(request.getArgs()));
      const response = new proto.InvokeResponse();
      response.setReturn(toStruct(result.outputs));
      response.setFailuresList(checkFailures(result.problems));
      return response;
    }),
    cancel: unary(async () => {
      await provider.cancel();
      return new empty.Empty();
    }),
  };
}

/** Problems of inputs. The engine prints the value of the named property, secret or not. */
function hideSecrets(
  problems: readonly Problem[],
  isSecret: (name: string) => boolean,
): readonly Problem[] {
  return problems.map(({ property, reason }) =>
    isSecret(topOf(property))
      ? { property: "", reason: `${property}: ${reason}` }
      : { property, reason },
  );
}
