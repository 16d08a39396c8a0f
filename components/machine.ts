/** What the program calls a machine, and what a machine needs: anything that answers SSH. */
import type * as pulumi from "@pulumi/pulumi";
import type { types } from "@pulumi/command";

/** How the operator's computer reaches a machine's SSH; the host key is always pinned. */
export type Connection = types.input.remote.ConnectionArgs & {
  readonly hostKey: pulumi.Input<string>;
};

/** Processor architecture, as container images name it. */
export type Arch = "amd64" | "arm64";

interface CommonMachine {
  /** Name as its owner writes it, e.g. `WorkerNode`; the cluster's node name is its lower case. */
  readonly name: string;
  readonly arch: Arch;
  /** User that logs in and may run sudo without a password. */
  readonly adminUser: string;
  readonly connection: pulumi.Output<Connection>;
}

/** A machine that the stack makes in the cloud. */
export interface CloudMachine extends CommonMachine {
  readonly tier: "cloud";
  /** `server`: control plane and hub of the overlay; `agent`: runs workloads. */
  readonly role: "server" | "agent";
  /** Address on the internet. */
  readonly publicAddress: pulumi.Output<string>;
  /** Address in the cloud's network. */
  readonly privateAddress: pulumi.Output<string>;
  /** The resource without which the machine is gone, so that nothing need be removed from it. */
  readonly lifetime: pulumi.Resource;
}

/** A device that exists already, and has no address that others could dial. */
export interface EdgeMachine extends CommonMachine {
  readonly tier: "edge";
  readonly role: "agent";
  /** Done when scripts may run on it; absent where that is so from the start. */
  readonly prepared?: pulumi.Resource;
  /** Whether it is lost, so that nothing can be removed from it any more; default false. */
  readonly lost?: boolean;
}

/** A computer of the cluster, told apart by `tier`. */
export type Machine = CloudMachine | EdgeMachine;
