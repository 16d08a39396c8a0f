/**
 * The forwarder's half on this computer: takes the browser's connections on 127.0.0.1 and hands them
 * to the half inside the lab. Plain TCP, so that the website sees the browser's own request.
 *
 * Usage: node --import tsx lab/forwarder/outside.ts <socket> <port file> <port> [<port> …]
 *
 * Listens on the first port that it gets (0: any) and writes it into the file. Nobody else may look
 * for a free port beforehand, or try it meanwhile: to bind a port is to take it.
 */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server } from "node:net";

import { replaceFile } from "../files.ts";

/** Makes a server listen on the first port that it gets; with none, the last port's error. */
async function listen(server: Server, [port, ...others]: readonly number[]): Promise<number> {
  try {
    await once(server.listen(port, "127.0.0.1"), "listening");
    return (server.address() as AddressInfo).port;
  } catch (error) {
    if (others.length === 0) {
      throw error;
    }
    return await listen(server, others);
  }
}

const [inside, file, ...ports] = process.argv.slice(2);
if (inside === undefined || file === undefined || ports.length === 0) {
  process.stderr.write("usage: outside.ts <socket> <port file> <port> [<port> …]\n");
  process.exit(2);
}

const server = createServer({ allowHalfOpen: true }, (browser) => {
  const lab = connect({ path: inside, allowHalfOpen: true });
  browser.on("error", () => browser.destroy());
  lab.on("error", () => lab.destroy());
  browser.once("close", () => lab.destroy());
  lab.once("close", (broken) => {
    // After an orderly end the browser is still taking what was sent last.
    if (broken) {
      browser.destroy();
    }
  });
  browser.pipe(lab).pipe(browser);
});
replaceFile(file, String(await listen(server, ports.map(Number))));
