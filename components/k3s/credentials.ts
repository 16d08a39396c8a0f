/** What the server's installation prints, and what agents are given of it: pure. */
import { RunError } from "@pulumi/pulumi";

export interface Credentials {
  /** Token that lets agents join, with the hash of the cluster's CA: an agent knows its server. */
  readonly agentToken: string;
  /** Administrator's kubeconfig that reaches the API over the overlay. */
  readonly kubeconfig: string;
  /** Whether Secrets can be read in the datastore's file; undefined where the server did not tell. */
  readonly areSecretsReadable?: boolean;
}

/**
 * Reads the agents' token (first line), what the datastore shows of Secrets (second line) and the kubeconfig
 * (the rest), whose server K3s writes as the loopback address (S0-34 wants the overlay's).
 *
 * Earlier versions printed no second line, and before that the server's token. An `up` of some targets leaves
 * that step as it is, and what the token then held is the agents' secret from the next run of the step on: it
 * is taken as theirs, with which nobody adds a server.
 *
 * @throws RunError when the text is not of this form
 */
export function parseCredentials(text: string, address: string): Credentials {
  const end = text.indexOf("\n");
  const agentToken = text.slice(0, end).trim().replace("::server:", "::node:");
  const rest = text.slice(end + 1);
  const [line = "", secrets] = /^secrets: (\w+)\n/.exec(rest) ?? [];
  const kubeconfig = rest.slice(line.length);
  const loopback = "https://127.0.0.1:6443";
  if (end < 0 || !/^K10[0-9a-f]+::node:./.test(agentToken) || !kubeconfig.includes(loopback)) {
    throw new RunError("the K3s server did not print the agents' token and its kubeconfig");
  }
  return {
    agentToken,
    kubeconfig: kubeconfig.replace(loopback, `https://${address}:6443`),
    ...(secrets === "readable" || secrets === "encrypted"
      ? { areSecretsReadable: secrets === "readable" }
      : {}),
  };
}
