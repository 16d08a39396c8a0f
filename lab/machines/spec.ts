import type { Limits } from "./cgroup.ts";

/** A machine as its owner orders it. */
export interface MachineSpec extends Limits {
  readonly name: string;
  /** Network namespace and bridge that its NIC is attached to. */
  readonly namespace: string;
  readonly bridge: string;
  /** Address with prefix, e.g. `10.10.1.4/24`. */
  readonly address: string;
  readonly gateway: string;
  /** User with passwordless sudo who logs in by `authorizedKey` alone. */
  readonly user: string;
  readonly authorizedKey: string;
  readonly hostname: string;
}
