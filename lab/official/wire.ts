/** Answers of plugins as plain values. */
import type { Properties } from "@fogline/pulumi-kit/values";
import type grpc from "@grpc/grpc-js";
import type proto from "@pulumi/pulumi/proto/provider_pb.js";

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
  /** Properties that change by path, e.g. `{ "connection.host": "update" }`; undefined where it tells none. */
  readonly detailed: Readonly<Record<string, ChangeKind>> | undefined;
}

const KINDS = [
  ...(["add", "add-replace", "delete", "delete-replace"] as const),
  ...(["update", "update-replace"] as const),
];
type ChangeKind = (typeof KINDS)[number];

/** A refused call. */
export class PluginError extends Error {
  override readonly name = "PluginError";

  constructor({ details, code }: grpc.ServiceError) {
    super(details);
    this.code = code;
  }

  /** gRPC status. */
  readonly code: number;
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
    detailed: answer.getHasdetaileddiff() ? detailed : undefined,
  };
}
