/** The engine as a plugin sees it: a server that takes messages and answers health checks. */
import { bindToLoopback } from "@fogline/pulumi-kit/bind";
import grpc from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engine from "@pulumi/pulumi/proto/engine_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";

/** Something that a plugin said. */
export interface Message {
  /** `output` is what it wrote to stdout or stderr, which the engine shows, too. */
  readonly severity: "debug" | "info" | "warning" | "error" | "output";
  readonly text: string;
  /** Whether it is shown only while the resource's operation runs. */
  readonly isEphemeral: boolean;
}

/** A listening engine. */
export interface Engine {
  readonly address: string;
  stop(): void;
}

const SEVERITIES = {
  [engine.LogSeverity.DEBUG]: "debug",
  [engine.LogSeverity.INFO]: "info",
  [engine.LogSeverity.WARNING]: "warning",
  [engine.LogSeverity.ERROR]: "error",
} as const;

/** Official plugins end when a check of the engine's health fails. */
const HEALTH: grpc.ServiceDefinition = {
  check: {
    path: "/grpc.health.v1.Health/Check",
    requestStream: false,
    responseStream: false,
    requestSerialize: (bytes: Buffer) => bytes,
    requestDeserialize: (bytes) => bytes,
    responseSerialize: (bytes: Buffer) => bytes,
    responseDeserialize: (bytes) => bytes,
  },
};
/** `HealthCheckResponse { status: SERVING }` as it goes over the wire. */
const SERVING = Buffer.from([0x08, 0x01]);

/** Listens on a free port of 127.0.0.1. */
export async function startEngine(hear: (message: Message) => void): Promise<Engine> {
  const server = new grpc.Server();
  // Methods that are left out answer UNIMPLEMENTED: no provider needs the root resource.
  const service: grpc.UntypedServiceImplementation = {
    log: (
      call: grpc.ServerUnaryCall<engine.LogRequest, empty.Empty>,
      answer: grpc.sendUnaryData<empty.Empty>,
    ) => {
      const { request } = call;
      hear({
        severity: SEVERITIES[request.getSeverity()],
        text: request.getMessage(),
        isEphemeral: request.getEphemeral(),
      });
      answer(null, new empty.Empty());
    },
    requirePulumiVersion: (
      _call: unknown,
      answer: grpc.sendUnaryData<engine.RequirePulumiVersionResponse>,
    ) => {
      answer(null, new engine.RequirePulumiVersionResponse());
    },
  };
  server.addService(engineGrpc.EngineService, service);
  server.addService(HEALTH, {
    check: (_call: unknown, answer: grpc.sendUnaryData<Buffer>) => {
      answer(null, SERVING);
    },
  });
  const port = await bindToLoopback(server);
  return {
    address: `127.0.0.1:${port}`,
    stop: () => {
      server.forceShutdown();
    },
  };
}
