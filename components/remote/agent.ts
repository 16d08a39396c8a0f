/** The SSH agent, which the program does not use, and which stops it where none answers. */
import { connect } from "node:net";

import * as pulumi from "@pulumi/pulumi";

/**
 * Refuses a dead agent's socket. The command provider dials what SSH_AUTH_SOCK names before each step
 * and fails when nothing answers, although the operator's key is all that logs in; no field of a
 * connection turns that off.
 *
 * @param path what SSH_AUTH_SOCK says; default that of this process, which is the provider's too
 * @throws RunError with what to type
 */
export async function refuseDeadAgent(path = process.env["SSH_AUTH_SOCK"]): Promise<void> {
  if (path === undefined || path === "" || (await answers(path))) {
    return;
  }
  throw new pulumi.RunError(
    `SSH_AUTH_SOCK names ${path}, where no SSH agent answers, and the command provider fails at ` +
      "every step for it. The program uses no agent. Nothing was created or changed: type " +
      "unset SSH_AUTH_SOCK, then run the command again",
  );
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => {
      resolve(false);
    });
  });
}
