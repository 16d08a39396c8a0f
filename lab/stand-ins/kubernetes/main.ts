/** Entry point of the plugin: serves the provider and announces its port on stdout. */
import { endWithParent } from "@fogline/pulumi-kit/lifetime";
import grpc from "@grpc/grpc-js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";

import { createService } from "./service.ts";

/** Large states (definitions with long schemas) exceed gRPC's default of 4 MiB. */
const UNLIMITED = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 };

const engineAddress = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
const server = new grpc.Server(UNLIMITED);
server.addService(providerGrpc.ResourceProviderService, createService(engineAddress));

endWithParent();

server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) {
    process.stderr.write(`the kubernetes stand-in could not listen: ${error.message}\n`);
    process.exit(1);
  }
  process.stdout.write(`${port}\n`);
});
