/** Answers of plugins as plain values. */
import type { Properties } from "@fogline/pulumi-kit/values";
import { fromStruct } from "@fogline/pulumi-kit/wire";
import grpc from "@grpc/grpc-js";
import proto from "@pulumi/pulumi/proto/provider_pb.js";
import statusProto from "@pulumi/pulumi/proto/status_pb.js";

/** An input that is refused. */
export interface Failure {
  /** Empty where the plugin names none. */
  readonly property: string;
  readonly reason: string;
}

/** Inputs with what the plugin filled in, and those that it refuses. */
export interface Checked {
  readonly inputs: Properties;
  readonly failures: readonly Failure[];
}

/** What a change of inputs comes to. */
export interface Difference {
  readonly changes: "unknown" | "none" | "some";
  /** Properties for which the resource is made anew. */
  readonly replaces: readonly string[];
  /** Properties that change. */
  readonly changed: readonly string[];
  /** The same by path, e.g. `{ "connection.host": "update" }`; undefined where it tells none. */
  readonly detailed: Readonly<Record<string, ChangeKind>> | undefined;
  readonly deleteBeforeReplace: boolean;
}

export type ChangeKind =
  "add" | "add-replace" | "delete" | "delete-replace" | "update" | "update-replace";

const KINDS = [
  ...(["add", "add-replace", "delete", "delete-replace"] as const),
  ...(["update", "update-replace"] as const),
] satisfies ChangeKind[];

/** A refused call. */
export class PluginError extends Error {
  constructor(
    message: string,
    /** gRPC status. */
    readonly code: number,
    /** Set where the resource was made but is not as it should be: what the engine's state keeps. */
    readonly partial:
      | {
          readonly id: string;
          readonly inputs: Properties;
          readonly outputs: Properties;
          readonly reasons: readonly string[];
        }
      | undefined,
  ) {
    super(message);
    this.name = "PluginError";
  }
}

export function failuresOf(answer: proto.CheckResponse): Failure[] {
  return answer
    .getFailuresList()
    .map((failure) => ({ property: failure.getProperty(), reason: failure.getReason() }));
}

export function describeDifference(answer: proto.DiffResponse): Difference {
  const detailed: Record<string, ChangeKind> = {};
  answer.getDetaileddiffMap().forEach((difference, path) => {
    detailed[path] = KINDS[difference.getKind()] ?? "update";
  });
  return {
    changes: (["unknown", "none", "some"] as const)[answer.getChanges()],
    replaces: answer.getReplacesList(),
    changed: answer.getDiffsList(),
    detailed: answer.getHasdetaileddiff() ? detailed : undefined,
    deleteBeforeReplace: answer.getDeletebeforereplace(),
  };
}

/** The error of a refused call, with the partial state that travels in its details. */
export function pluginError(error: grpc.ServiceError): PluginError {
  const [details] = error.metadata.get("grpc-status-details-bin");
  const packed = Buffer.isBuffer(details)
    ? statusProto.Status.deserializeBinary(details).getDetailsList()
    : [];
  const [partial] = packed.flatMap((detail) => {
    const failed = detail.unpack(
      (bytes: Uint8Array) => proto.ErrorResourceInitFailed.deserializeBinary(bytes),
      "pulumirpc.ErrorResourceInitFailed",
    );
    return failed === null
      ? []
      : [
          {
            id: failed.getId(),
            inputs: fromStruct(failed.getInputs()),
            outputs: fromStruct(failed.getProperties()),
            reasons: failed.getReasonsList(),
          },
        ];
  });
  return new PluginError(error.details, error.code, partial);
}
