/** Messages to the engine that started the plugin, shown beside the resource they are about. */
import grpc from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engine from "@pulumi/pulumi/proto/engine_pb.js";

/** Says something about a resource. */
export type Say = (urn: string, message: string) => void;

/** Tells the engine at an address; without one (a test), nobody. */
export function sayTo(address: string | undefined): Say {
  if (address === undefined) {
    return () => undefined;
  }
  const client = new engineGrpc.EngineClient(address, grpc.credentials.createInsecure());
  return (urn, message) => {
    const request = new engine.LogRequest();
    request.setUrn(urn);
    request.setSeverity(engine.LogSeverity.INFO);
    request.setMessage(message);
    client.log(request, (error) => {
      if (error !== null) {
        // The engine is gone or about to be: stderr is what it reads last.
        process.stderr.write(`${message}\n`);
      }
    });
  };
}
