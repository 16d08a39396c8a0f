/**
 * The forwarder's half on this computer: takes the browser's connections on 127.0.0.1 and hands them
 * to the half inside the lab. Plain TCP, so that the website sees the browser's own request.
 *
 * Usage: node --import tsx lab/forwarder/outside.ts <port> <socket>
 */
import { connect, createServer } from "node:net";

const [port, path] = process.argv.slice(2);
if (port === undefined || path === undefined) {
  process.stderr.write("usage: outside.ts <port> <socket>\n");
  process.exit(2);
}
const inside = path;

createServer({ allowHalfOpen: true }, (browser) => {
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
}).listen(Number(port), "127.0.0.1");
