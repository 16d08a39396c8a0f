/** Ports of servers that speak the engine's protocol. */
import grpc from "@grpc/grpc-js";

/** Binds a server to a free port of the loopback address, for whoever runs on this computer; the port. */
export function bindToLoopback(server: grpc.Server): Promise<number> {
  return new Promise((resolve, reject) => {
    const credentials = grpc.ServerCredentials.createInsecure();
    server.bindAsync("127.0.0.1:0", credentials, (error, port) => {
      if (error === null) {
        resolve(port);
      } else {
        reject(error);
      }
    });
  });
}
