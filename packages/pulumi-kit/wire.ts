/** Between the engine's protocol messages and plain values. */
import grpc from "@grpc/grpc-js";
import proto from "@pulumi/pulumi/proto/provider_pb.js";
import statusProto from "@pulumi/pulumi/proto/status_pb.js";
import any from "google-protobuf/google/protobuf/any_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";

import type { PlannedChange } from "./difference.ts";
import type { JsonObject } from "./json.ts";
import type { Problem, Properties } from "./values.ts";

/** Characters of an error: it travels in a header, which must not grow without bounds. */
const LONGEST_ERROR = 8000;

/** A property bag of a request; empty where there is none. */
export function fromStruct(message: struct.Struct | undefined): JsonObject {
  return message?.toJavaScript() ?? {};
}

/** A property bag for a response. A field without a value is left out: the protocol has no word for it. */
export function toStruct(properties: Properties): struct.Struct {
  const present = Object.entries(properties).filter(([, value]) => value !== undefined);
  return struct.Struct.fromJavaScript(
    Object.fromEntries(present) as Record<string, struct.JavaScriptValue>,
  );
}

/** Checked inputs and what is wrong with them. */
export function checkResponse(
  inputs: Properties,
  problems: readonly Problem[],
): proto.CheckResponse {
  const response = new proto.CheckResponse();
  response.setInputs(toStruct(inputs));
  response.setFailuresList(checkFailures(problems));
  return response;
}

export function checkFailures(problems: readonly Problem[]): proto.CheckFailure[] {
  return problems.map(({ property, reason }) => {
    const failure = new proto.CheckFailure();
    failure.setProperty(property);
    failure.setReason(reason);
    return failure;
  });
}

/** What an update would change. */
export interface Plan {
  readonly changes: readonly PlannedChange[];
  /** Properties that change; default the path of each change. */
  readonly properties?: readonly string[];
  /** Paths that ask for a new resource; default those of the changes that say so. */
  readonly replaces?: readonly string[];
  /** Whether the old resource goes first, e.g. as the new one takes its name; default false. */
  readonly deleteBeforeReplace?: boolean;
}

const { ADD, ADD_REPLACE, DELETE, DELETE_REPLACE, UPDATE, UPDATE_REPLACE } =
  proto.PropertyDiff.Kind;
const KINDS = {
  add: [ADD, ADD_REPLACE],
  delete: [DELETE, DELETE_REPLACE],
  update: [UPDATE, UPDATE_REPLACE],
} as const;

export function diffResponse(plan: Plan): proto.DiffResponse {
  const { changes, deleteBeforeReplace = false } = plan;
  const replacing = changes.filter(({ replaces }) => replaces).map(({ path }) => path);
  const { DIFF_NONE, DIFF_SOME } = proto.DiffResponse.DiffChanges;
  const response = new proto.DiffResponse();
  response.setChanges(changes.length === 0 ? DIFF_NONE : DIFF_SOME);
  response.setHasdetaileddiff(true);
  response.setDiffsList([...(plan.properties ?? changes.map(({ path }) => path))]);
  response.setReplacesList([...(plan.replaces ?? replacing)]);
  response.setDeletebeforereplace(deleteBeforeReplace);
  for (const { path, kind, replaces } of changes) {
    const property = new proto.PropertyDiff();
    property.setKind(KINDS[kind][replaces ? 1 : 0]);
    // The comparison is of inputs: outputs hold fields that the program never declared.
    property.setInputdiff(true);
    response.getDetaileddiffMap().set(path, property);
  }
  return response;
}

/**
 * A partial failure: the resource exists, but is not as it should be. The engine keeps it in its state
 * and tries again.
 */
export class InitFailedError extends Error {
  override readonly name = "InitFailedError";

  constructor(
    readonly id: string,
    readonly reasons: string[],
    readonly outputs: JsonObject,
    readonly inputs: JsonObject,
  ) {
    super(reasons[0] ?? "the resource did not become ready");
  }
}

/**
 * An error as the engine reads it. A partial failure carries the resource's identity and state in the
 * status details, which is how gRPC transports structured errors.
 *
 * @param hide keeps secrets out of the text; default the text as it is
 */
export function serviceError(
  error: unknown,
  hide: (text: string) => string = (text) => text,
): grpc.ServiceError {
  const text = error instanceof Error ? error.message : String(error);
  const message = hide(text).slice(0, LONGEST_ERROR);
  const metadata = new grpc.Metadata();
  if (error instanceof InitFailedError) {
    const detail = new proto.ErrorResourceInitFailed();
    detail.setId(error.id);
    detail.setReasonsList(error.reasons.map(hide));
    detail.setProperties(toStruct(error.outputs));
    detail.setInputs(toStruct(error.inputs));
    const packed = new any.Any();
    packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const status = new statusProto.Status();
    status.setCode(grpc.status.UNKNOWN);
    status.setMessage(message);
    status.addDetails(packed);
    metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  }
  return Object.assign(new Error(message), {
    code: grpc.status.UNKNOWN,
    details: message,
    metadata,
  });
}

/** Answers a call with what `handle` resolves to, or with its error. */
export function unary<Request, Response>(
  handle: (request: Request) => Response | Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    const answer = async (): Promise<Response> => handle(call.request);
    answer().then(
      (response) => {
        callback(null, response);
      },
      (error: unknown) => {
        const isReady = error instanceof Error && "metadata" in error;
        callback(isReady ? (error as grpc.ServiceError) : serviceError(error));
      },
    );
  };
}
