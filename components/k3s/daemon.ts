/** Looks whether a DaemonSet runs on every node, and says by name where it does not. */
import { join } from "node:path";

import type * as pulumi from "@pulumi/pulumi";

import type { Machine } from "../machine.ts";
import { RemoteScript } from "../remote/script.ts";

/** Longest wait for images on slow networks, seconds. A pod that keeps ending is told of before. */
const LIMIT = 600;

export interface DaemonCheckArgs {
  /** Machine of the K3s server. */
  readonly server: Machine;
  /** Namespace of the DaemonSet. */
  readonly namespace: pulumi.Input<string>;
  /** Its name, and value of its label `app`. */
  readonly name: string;
  /** Changes when its pods do. */
  readonly generation: pulumi.Input<string>;
  /** Names of the machines that it is to run on. */
  readonly machines: readonly string[];
}

/**
 * A step that fails, naming node and port, where a pod of a DaemonSet cannot start. It stands after all
 * that is worth having without that pod, so that one node's trouble keeps nothing else from running.
 */
export class DaemonCheck extends RemoteScript {
  constructor(name: string, args: DaemonCheckArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      name,
      {
        machine: args.server,
        script: join(import.meta.dirname, "scripts", "daemon.sh"),
        values: {
          NAMESPACE: args.namespace,
          DAEMONSET: args.name,
          SECONDS_LIMIT: String(LIMIT),
          GENERATION: args.generation,
          MACHINES: args.machines.join(" "),
        },
        undo: false,
        waits: true,
      },
      opts,
    );
  }
}
