/** K3s installed by its script on a machine that is made up. Importing this gives each test of a file such a machine. */
import { afterEach, beforeEach } from "vitest";

import { timersOf } from "../../../config/failover.ts";
import { hardeningValues } from "../hardening.ts";
import { INSTALL_SCRIPT } from "../scripts.ts";
import { unitValues } from "../units.ts";
import { FakeMachine, k3s, type Ran } from "./machine.ts";
import { SETTINGS } from "./settings.ts";

/** What is installed where a test says nothing else. */
export const OLD = "v1.36.3+k3s1";
/** New for each test of a file that imports this. */
export let machine: FakeMachine;

beforeEach(() => {
  machine = new FakeMachine();
});

afterEach(() => {
  machine.remove();
});

/** Installs a version with a configuration. */
export function install(
  values: Readonly<Record<string, string>> = {},
  options: {
    readonly version?: string;
    readonly deaf?: boolean;
    readonly ready?: boolean;
    /** What is installed; default a K3s of the version. */
    readonly program?: string;
  } = {},
): Promise<Ran> {
  const { version = OLD, deaf = false, ready = true } = options;
  const common = {
    NODE: "raspberrypi",
    ROLE: "agent",
    VERSION: version,
    URL: "https://example.test/k3s",
    SHA256: machine.serve(options.program ?? k3s(version, ready)),
    CONFIG: "server: https://10.101.0.1:6443\n",
    FLANNEL: "{}\n",
    REGISTRIES: "",
    AUTHORITIES: "",
    TOKEN: "K10aa::node:secret",
    RENEWAL: "1",
    SERVER: "10.101.0.1",
    KUBECONFIG_TEXT: "kind: Config\n",
  };
  const role = values["ROLE"] === "server" ? "server" : "agent";
  const files = {
    ...unitValues(role, "fogline0", timersOf({}), SETTINGS),
    ...hardeningValues(role, false),
  };
  return machine.run(INSTALL_SCRIPT, "update", { ...common, ...files, ...values }, deaf);
}

/** The server of a cluster, as its values differ. */
export function server(
  values: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  return {
    ROLE: "server",
    TOKEN: "agents",
    CONFIG: "cluster-cidr: 10.42.0.0/16\nservice-cidr: 10.43.0.0/16\n",
    ...values,
  };
}

/** What a server keeps whose token is this. */
export function serverState(token: string): void {
  machine.write("var/lib/rancher/k3s/server/token", `K10aa::server:${token}\n`);
  machine.write("var/lib/rancher/k3s/server/agent-token", "K10aa::node:agents\n");
  machine.write("var/lib/rancher/k3s/server/db/state.db", "");
  machine.write("etc/rancher/k3s/k3s.yaml", "kind: Config\n");
}

/** A login as `registries.yaml` has it. */
export function login(password: string): string {
  return `configs:\n  r.fog.io:\n    auth:\n      password: "${password}"\n      username: "ci"\n`;
}
