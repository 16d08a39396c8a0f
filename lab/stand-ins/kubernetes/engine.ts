/** Messages to the engine that started the plugin, shown beside the resource they are about. */
import grpc from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engine from "@pulumi/pulumi/proto/engine_pb.js";

/** What one operation says while it runs. */
export interface Log {
  /** Shown in the resource's status column and forgotten: what is waited for. */
  status: (message: string) => void;
  /** As `status`, of what is amiss for the moment: a warning that does not last. */
  statusWarning: (message: string) => void;
  info: (message: string) => void;
  warning: (message: string) => void;
}

export class Engine {
  private readonly client: engineGrpc.EngineClient;

  /** @param address host:port of the engine, the plugin's first argument. */
  constructor(address: string) {
    this.client = new engineGrpc.EngineClient(address, grpc.credentials.createInsecure());
  }

  /** @param urn the resource that messages are about; empty for the provider as a whole. */
  log(urn: string): Log {
    const { INFO, WARNING } = engine.LogSeverity;
    return {
      status: (message) => {
        this.send(urn, INFO, message, true);
      },
      statusWarning: (message) => {
        this.send(urn, WARNING, message, true);
      },
      info: (message) => {
        this.send(urn, INFO, message, false);
      },
      warning: (message) => {
        this.send(urn, WARNING, message, false);
      },
    };
  }

  private send(
    urn: string,
    severity: engine.LogSeverity,
    message: string,
    ephemeral: boolean,
  ): void {
    const request = new engine.LogRequest();
    request.setUrn(urn);
    request.setSeverity(severity);
    request.setMessage(message);
    request.setEphemeral(ephemeral);
    this.client.log(request, (error) => {
      if (error !== null) {
        // The engine is gone or busy ending: stderr is what it reads last.
        process.stderr.write(`${message}\n`);
      }
    });
  }
}
