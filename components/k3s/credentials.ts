/** What the server's installation prints: pure. */

export interface Credentials {
  /** Token with the hash of the cluster's CA, so that an agent knows its server. */
  readonly nodeToken: string;
  /** Kubeconfig that reaches the API over the overlay. */
  readonly kubeconfig: string;
}

/**
 * Reads the node token (first line) and the kubeconfig (the rest), whose server K3s writes as the
 * loopback address (S0-34 wants the overlay's).
 *
 * @throws Error when the text is not of this form
 */
export function parseCredentials(text: string, address: string): Credentials {
  const end = text.indexOf("\n");
  const nodeToken = text.slice(0, end).trim();
  const kubeconfig = text.slice(end + 1);
  const loopback = "https://127.0.0.1:6443";
  if (end < 0 || nodeToken === "" || !kubeconfig.includes(loopback)) {
    throw new Error("the K3s server did not print its node token and kubeconfig");
  }
  return { nodeToken, kubeconfig: kubeconfig.replace(loopback, `https://${address}:6443`) };
}
