/**
 * The engine's provider protocol. Written on the protocol's own stubs: the SDK's `provider.main`
 * hands its provider neither the configuration, nor `preview`, nor the timeouts, old inputs and
 * ignored properties of a request, and never announces preview support, so that the engine would
 * show inputs as outputs and leave computed ones (`spec.clusterIP`) empty instead of unknown.
 */
import type { JsonObject, Path } from "@fogline/pulumi-kit/json";
import { listenerAt } from "@fogline/pulumi-kit/messages";
import { unwrap, wrap } from "@fogline/pulumi-kit/secret-paths";
import { secretTexts, typeOf } from "@fogline/pulumi-kit/values";
import {
  checkResponse,
  diffResponse,
  fromStruct,
  InitFailedError,
  serviceError,
  toStruct,
  unary,
} from "@fogline/pulumi-kit/wire";
import grpc from "@grpc/grpc-js";
import plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import proto from "@pulumi/pulumi/proto/provider_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import type struct from "google-protobuf/google/protobuf/struct_pb.js";

import { KubernetesProvider } from "./provider.ts";
import { parseSettings, settingsDifference, settingsProblems } from "./settings.ts";
import { secretOutputs } from "./state.ts";
import { parseToken } from "./tokens.ts";

/** Version of the npm package whose contract this keeps. */
const VERSION = "4.34.2";
/** Characters of the shortest secret that is hidden from errors. */
const SHORTEST_SECRET = 4;

/** A request's property bags without envelopes, and what must not be shown of them. */
class Bags {
  readonly secrets: Path[];
  private readonly texts: string[];

  constructor(urn: string, ...bags: { value: JsonObject; secrets: Path[] }[]) {
    const ofKind = secretOutputs(parseToken(typeOf(urn)));
    this.secrets = [...bags.flatMap((bag) => bag.secrets), ...ofKind];
    this.texts = bags
      .flatMap((bag) => secretTexts(wrap(bag.value, [...bag.secrets, ...ofKind])))
      // Shorter ones would hide parts of common words. Longest first: one may hold another.
      .filter((text) => text.length >= SHORTEST_SECRET)
      .sort((a, b) => b.length - a.length);
  }

  sealed(value: JsonObject): struct.Struct {
    return toStruct(wrap(value, this.secrets));
  }

  /** Runs an operation; whatever it throws leaves with secrets sealed and hidden. */
  async guard<T>(work: () => Promise<T> | T): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const sealed =
        error instanceof InitFailedError
          ? new InitFailedError(
              error.id,
              error.reasons,
              wrap(error.outputs, this.secrets),
              wrap(error.inputs, this.secrets),
            )
          : error;
      throw serviceError(sealed, (text) =>
        this.texts.reduce((rest, secret) => rest.replaceAll(secret, "[secret]"), text),
      );
    }
  }
}

const open = (message: struct.Struct | undefined): { value: JsonObject; secrets: Path[] } =>
  unwrap(fromStruct(message));

const milliseconds = (seconds: number): number => Math.round(seconds * 1000);

/** The service's methods; those of the protocol that are left out answer "unimplemented". */
export function createService(
  engineAddress: string | undefined,
): grpc.UntypedServiceImplementation {
  const engine = listenerAt(engineAddress);
  const provider = new KubernetesProvider((urn) => engine.log(urn));

  return {
    getPluginInfo: unary(() => {
      return new plugin.PluginInfo().setVersion(VERSION);
    }),

    checkConfig: unary((request: proto.CheckRequest) => {
      const news = fromStruct(request.getNews());
      return checkResponse(news, settingsProblems(unwrap(news).value));
    }),

    diffConfig: unary((request: proto.DiffRequest) => {
      const old = open(request.getOldInputs() ?? request.getOlds()).value;
      const news = open(request.getNews()).value;
      const { DIFF_NONE, DIFF_SOME } = proto.DiffResponse.DiffChanges;
      const { changed, replaces } = settingsDifference(old, news);
      return new proto.DiffResponse()
        .setChanges(changed.length === 0 ? DIFF_NONE : DIFF_SOME)
        .setDiffsList(changed)
        .setReplacesList(replaces);
    }),

    configure: unary((request: proto.ConfigureRequest) => {
      provider.configure(parseSettings(open(request.getArgs()).value));
      return new proto.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
    }),

    check: unary((request: proto.CheckRequest) => {
      const news = open(request.getNews());
      const bags = new Bags(request.getUrn(), news);
      return bags.guard(() => {
        const { inputs, failures } = provider.check(request.getUrn(), news.value);
        return checkResponse(wrap(inputs, bags.secrets), failures);
      });
    }),

    diff: unary((request: proto.DiffRequest) => {
      const old = open(request.getOldInputs());
      const news = open(request.getNews());
      return new Bags(request.getUrn(), old, news).guard(() =>
        diffResponse(provider.diff(request.getUrn(), old.value, news.value)),
      );
    }),

    create: unary((request: proto.CreateRequest) => {
      const inputs = open(request.getProperties());
      const bags = new Bags(request.getUrn(), inputs);
      return bags.guard(async () => {
        const outcome = await provider.create({
          urn: request.getUrn(),
          inputs: inputs.value,
          timeoutMs: milliseconds(request.getTimeout()),
          preview: request.getPreview(),
        });
        return new proto.CreateResponse()
          .setId(outcome.id)
          .setProperties(bags.sealed(outcome.outputs));
      });
    }),

    update: unary((request: proto.UpdateRequest) => {
      const inputs = open(request.getNews());
      const outputs = open(request.getOlds());
      const bags = new Bags(request.getUrn(), inputs, outputs);
      return bags.guard(async () => {
        const outcome = await provider.update({
          urn: request.getUrn(),
          id: request.getId(),
          inputs: inputs.value,
          outputs: outputs.value,
          ignoreChanges: request.getIgnorechangesList(),
          timeoutMs: milliseconds(request.getTimeout()),
          preview: request.getPreview(),
        });
        return new proto.UpdateResponse().setProperties(bags.sealed(outcome.outputs));
      });
    }),

    read: unary((request: proto.ReadRequest) => {
      const inputs = open(request.getInputs());
      const outputs = open(request.getProperties());
      const bags = new Bags(request.getUrn(), inputs, outputs);
      return bags.guard(async () => {
        const found = await provider.read(
          request.getUrn(),
          request.getId(),
          inputs.value,
          outputs.value,
        );
        return found === undefined
          ? new proto.ReadResponse()
          : new proto.ReadResponse()
              .setId(found.id)
              .setProperties(bags.sealed(found.outputs))
              .setInputs(bags.sealed(found.inputs));
      });
    }),

    delete: unary((request: proto.DeleteRequest) => {
      const inputs = open(request.getOldInputs());
      const outputs = open(request.getProperties());
      return new Bags(request.getUrn(), inputs, outputs).guard(async () => {
        await provider.delete(
          request.getUrn(),
          request.getId(),
          { inputs: inputs.value, outputs: outputs.value },
          milliseconds(request.getTimeout()),
        );
        return new empty.Empty();
      });
    }),

    construct: unary((request: proto.ConstructRequest) => {
      parseToken(request.getType());
      throw new Error(`${request.getType()} is no component of the kubernetes stand-in`);
    }),

    invoke: unary((request: proto.InvokeRequest) => {
      throw new Error(
        `the function ${request.getTok()} is not supported by the kubernetes stand-in: it renders no Helm charts, kustomizations or YAML files; declare the objects as resources`,
      );
    }),

    call: unary((request: proto.CallRequest) => {
      throw new Error(`the method ${request.getTok()} is not supported by the kubernetes stand-in`);
    }),

    cancel: unary(() => {
      provider.cancel();
      return new empty.Empty();
    }),
  };
}
