/** Between the engine's protocol messages and plain values. */
import grpc from "@grpc/grpc-js";
import proto from "@pulumi/pulumi/proto/provider_pb.js";
import statusProto from "@pulumi/pulumi/proto/status_pb.js";
import any from "google-protobuf/google/protobuf/any_pb.js";
import struct from "google-protobuf/google/protobuf/struct_pb.js";

import { InitFailedError, textOf } from "./errors.ts";
import type { Difference } from "./diff.ts";
import { formatPath, type JsonObject } from "./values.ts";

export const fromStruct = (message: struct.Struct | undefined): JsonObject =>
  message?.toJavaScript() ?? {};

export const toStruct = (value: JsonObject): struct.Struct => struct.Struct.fromJavaScript(value);

/** Checked inputs and what is wrong with them. */
export function checkResponse(
  inputs: JsonObject,
  failures: { property: string; reason: string }[],
): proto.CheckResponse {
  const response = new proto.CheckResponse();
  response.setInputs(toStruct(inputs));
  response.setFailuresList(
    failures.map(({ property, reason }) => {
      const failure = new proto.CheckFailure();
      failure.setProperty(property);
      failure.setReason(reason);
      return failure;
    }),
  );
  return response;
}

const KINDS = proto.PropertyDiff.Kind;

export function diffResponse(difference: Difference): proto.DiffResponse {
  const response = new proto.DiffResponse();
  const { DIFF_NONE, DIFF_SOME } = proto.DiffResponse.DiffChanges;
  response.setChanges(difference.changes.length === 0 ? DIFF_NONE : DIFF_SOME);
  response.setReplacesList(difference.replaces);
  response.setDeletebeforereplace(difference.deleteBeforeReplace);
  response.setDiffsList([...new Set(difference.changes.map(({ path }) => String(path[0])))]);
  response.setHasdetaileddiff(true);
  for (const { path, kind, replaces } of difference.changes) {
    const property = new proto.PropertyDiff();
    const kinds = {
      add: replaces ? KINDS.ADD_REPLACE : KINDS.ADD,
      delete: replaces ? KINDS.DELETE_REPLACE : KINDS.DELETE,
      update: replaces ? KINDS.UPDATE_REPLACE : KINDS.UPDATE,
    };
    property.setKind(kinds[kind]);
    // The comparison is of inputs: outputs hold fields that the program never declared.
    property.setInputdiff(true);
    response.getDetaileddiffMap().set(formatPath(path), property);
  }
  return response;
}

/**
 * An error as the engine reads it. A partial failure carries the object's identity and state in the
 * status details, which is how gRPC transports structured errors; `hide` keeps secrets out of the
 * text.
 */
export function serviceError(error: unknown, hide: (text: string) => string): grpc.ServiceError {
  const message = hide(textOf(error));
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
