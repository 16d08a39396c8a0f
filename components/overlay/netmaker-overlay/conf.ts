/** An external client's configuration as the server writes it, made fit for our scripts: pure. */
import { PRIVATE_KEY } from "../wireguard/conf.ts";

/**
 * The server's file for wg-quick with a mark where the device puts its own private key, which the
 * server does not know.
 *
 * @throws Error when the file has no place for one
 */
export function clientConf(file: string): string {
  const conf = file
    .replaceAll("\r", "")
    .replace(/^PrivateKey\s*=.*$/m, `PrivateKey = ${PRIVATE_KEY}`);
  if (!conf.includes(PRIVATE_KEY)) {
    throw new Error("the server's configuration of a client has no line for its private key");
  }
  // An empty list of name servers would have wg-quick look for a program that sets them.
  return `${conf.replaceAll(/^(DNS|PostUp|PostDown)\s*=\s*$\n/gm, "").trim()}\n`;
}
