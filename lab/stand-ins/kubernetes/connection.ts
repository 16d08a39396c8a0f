/**
 * The cluster behind a configured provider. Whether it answers is asked once, as the official plugin
 * does when it is configured: a cluster that is away then is away for every operation that follows.
 */
import { Client } from "./client.ts";
import { Cluster } from "./cluster.ts";
import { textOf } from "./errors.ts";
import { readKubeconfig } from "./kubeconfig.ts";
import type { Settings } from "./settings.ts";

const UNREACHABLE = "configured Kubernetes cluster is unreachable";
const HINT =
  'If the cluster was deleted, you can remove this resource from Pulumi state by rerunning the operation with the PULUMI_K8S_DELETE_UNREACHABLE environment variable set to "true"';

/** What the official plugin says and does where the cluster does not answer. */
export class ClusterAwayError extends Error {
  /** @param operation what needed the cluster */
  constructor(operation: "read" | "delete" | "write", reason: string) {
    const said = {
      write: `${UNREACHABLE}: ${reason}`,
      read: `failed to read resource state due to unreachable cluster. ${HINT}`,
      delete: `${UNREACHABLE}. ${HINT}`,
    };
    super(said[operation]);
    this.name = "ClusterAwayError";
  }
}

export class Connection {
  private made: Cluster | undefined;
  private asked: Promise<string | undefined> | undefined;

  constructor(private readonly settings: Settings) {}

  /** @throws Error when there is no kubeconfig that can be used */
  get cluster(): Cluster {
    this.made ??= new Cluster(new Client(readKubeconfig(this.settings.kubeconfig)));
    return this.made;
  }

  /** Why the cluster cannot be asked; undefined where it can. */
  absence(): Promise<string | undefined> {
    this.asked ??= this.look();
    return this.asked;
  }

  /** The warning that goes before what is said of an operation. */
  static warning(reason: string): string {
    return `${UNREACHABLE}: ${reason}`;
  }

  private async look(): Promise<string | undefined> {
    let cluster: Cluster;
    try {
      cluster = this.cluster;
    } catch (error) {
      return `unable to load Kubernetes client configuration from kubeconfig file: ${textOf(error)}`;
    }
    try {
      await cluster.client.json({ method: "GET", path: "/version" });
      return undefined;
    } catch (error) {
      return `unable to load schema information from the API server: ${textOf(error)}`;
    }
  }
}
