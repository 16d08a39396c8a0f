/** One K3s cluster over the overlay: a server, its agents, a kubeconfig. */
import { createHash } from "node:crypto";

import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import type { Timers } from "../../config/failover.ts";
import type { Settings } from "../../config/schema.ts";
import { nodeName } from "../../config/names.ts";
import type { Machine } from "../machine.ts";
import type { Hub, Overlay, OverlayMember } from "../overlay/member.ts";
import { RemoteScript } from "../remote/script.ts";
import { ACCOUNTS, accountObjects } from "./account.ts";
import {
  agentConfig,
  downloadUrl,
  flannelConfig,
  kubeletConfig,
  serverConfig,
  type NodeConfig,
} from "./config.ts";
import { parseCredentials, type Credentials } from "./credentials.ts";
import { endOf, kubeconfigOf } from "./kubeconfig.ts";
import { hardeningValues, READABLE_SECRETS } from "./hardening.ts";
import { authorityLines, registriesConfig } from "./registries.ts";
import { renewalPeriod, warningOf } from "./renewal.ts";
import { ADMIT_SCRIPT, CLAIM_SCRIPT, DRAIN_SCRIPT, INSTALL_SCRIPT } from "./scripts.ts";
import { unitValues } from "./units.ts";

export interface ClusterArgs {
  /** Without passwords. */
  readonly settings: Settings["k3s"];
  /** How soon a silent node is given up. */
  readonly timers: Timers;
  /** Passwords of image registries, by registry; secret. Default none. */
  readonly registryPasswords?: pulumi.Input<Readonly<Record<string, string>>>;
  readonly overlay: Overlay;
  /** Machines that join by themselves, at a time of their own; default none. */
  readonly invited?: readonly OverlayMember[];
  /** Whether machines run on a kernel of their own; those of the lab share their host's. Default true. */
  readonly ownKernel?: boolean;
  /**
   * Whether it runs already: agents then have their turn one after the other, in the order of the overlay, so that no
   * two start K3s anew at the same time. A new cluster's all join at once. Default false.
   */
  readonly runs?: boolean;
}

/** What agents join. */
interface AgentArgs {
  /** Done when the server runs. */
  readonly server: pulumi.Resource;
  readonly credentials: pulumi.Output<Credentials>;
}

/**
 * A K3s server and its agents, all Ready when `ready` is done.
 *
 * Agents hold nothing that can add a server, read a Secret or change the cluster: only a token that lets
 * agents join, and a read-only kubeconfig for each node, which is revoked when the node leaves.
 */
export class Cluster extends pulumi.ComponentResource {
  /** Kubeconfig whose server is the overlay address of the control plane; secret. */
  readonly kubeconfig: pulumi.Output<string>;
  /** Identifies the cluster for its whole life, whatever becomes of its kubeconfig; previews know it. */
  readonly identity: pulumi.Output<string>;
  /**
   * Done when every node is Ready, except invited ones, which nothing waits for. On deletion, what depends
   * on it is deleted before a node is drained.
   */
  readonly ready: readonly pulumi.Resource[];

  constructor(
    name: string,
    private readonly args: ClusterArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    const { hub, agents } = args.overlay;
    const members = {
      server: nameOf(hub),
      agents: [...agents, ...(args.invited ?? [])].map(nameOf),
    };
    super("fogline:k3s:Cluster", name, { ...args.settings, ...members }, opts);
    // It was the server's token until agents had one of their own. It keeps its name, so that agents can
    // join while the new token is rolled out.
    const secret = new random.RandomPassword(
      `${name}-token`,
      { length: 48, special: false },
      {
        parent: this,
        // A server on another machine is another cluster, empty, whatever its name and address.
        replaceWith: [hub.machine.lifetime],
      },
    );
    const token = pulumi.secret(secret.result);
    this.identity = pulumi.unsecret(token.apply(identityOf));
    const asServer = {
      CONFIG: serverConfig(args.settings, this.node(hub, hub.address), args.timers),
      TOKEN: token,
    };
    const server = this.install(hub, "server", asServer, []);
    const credentials = server.result.apply((text) => parseCredentials(text, hub.address));
    this.kubeconfig = pulumi.secret(credentials.kubeconfig);
    this.tellOfEnd();
    this.tellOfSecrets(credentials);
    const agent: AgentArgs = { server, credentials };
    const nodes: pulumi.Resource[] = [server];
    let last: pulumi.Resource | undefined;
    for (const member of agents) {
      const made = this.createAgent(member, agent, args.runs === true ? last : undefined);
      last = made[0];
      nodes.push(...made);
    }
    args.invited?.forEach((member) => this.createAgent(member, agent));
    this.ready = [...nodes, ...this.settle(hub, asServer, nodes)];
    this.registerOutputs({ kubeconfig: this.kubeconfig, identity: this.identity });
  }

  /**
   * Claims names of cluster-wide objects, each as `kind/name`. Done when none of them is somebody
   * else's, which the Kubernetes provider would not notice.
   */
  claim(names: readonly string[]): pulumi.Resource {
    const { machine } = this.args.overlay.hub;
    return new RemoteScript(
      "cluster-claim",
      {
        machine,
        script: CLAIM_SCRIPT,
        values: { NODE: nodeName(machine), NAMES: names.join(" ") },
        undo: false,
      },
      // It asks the API of the server; what depends on it runs on nodes that are Ready.
      { parent: this, dependsOn: [...this.ready] },
    );
  }

  /**
   * Has a machine join as an agent.
   *
   * @param before step that comes first; one that fails keeps this agent as it is: what broke its pods would break
   *   this one's
   * @returns what makes it a node, and what drains it in the end
   */
  private createAgent(
    agent: OverlayMember,
    { server, credentials }: AgentArgs,
    before?: pulumi.Resource,
  ): [pulumi.Resource, pulumi.Resource] {
    const { hub } = this.args.overlay;
    const admission = this.admit(agent, server);
    const installed = this.install(
      agent,
      "agent",
      {
        CONFIG: pulumi
          .output(agent.address)
          .apply((address) =>
            agentConfig(
              this.args.settings,
              hub.address,
              this.node(agent, address),
              this.args.timers,
            ),
          ),
        SERVER: hub.address,
        TOKEN: credentials.agentToken,
        KUBECONFIG_TEXT: pulumi
          .all([this.kubeconfig, admission.result])
          .apply(([administrator, token]) => kubeconfigOf(administrator, token)),
      },
      [server, admission, ...(before === undefined ? [] : [before])],
    );
    return [installed, this.drain(agent, installed)];
  }

  /**
   * Reserves a node's name for a machine, and removes the node from the cluster once its agent is gone or
   * runs on another machine.
   */
  private admit({ machine }: OverlayMember, server: pulumi.Resource): RemoteScript {
    const node = nodeName(machine);
    // A machine that is made or installed anew has another key.
    const identity = machine.connection.apply(({ hostKey }) =>
      pulumi.output(hostKey).apply((key) => createHash("sha256").update(key).digest("hex")),
    );
    return new RemoteScript(
      `${node}-node`,
      {
        machine: this.args.overlay.hub.machine,
        script: ADMIT_SCRIPT,
        values: {
          NODE: node,
          MACHINE: identity,
          ACCOUNTS,
          ACCOUNT: identity.apply((key) => accountObjects(node, key)),
        },
        secretOutput: true,
      },
      // It asks the server's API.
      { parent: this, dependsOn: [server] },
    );
  }

  /** Drains an agent's node before the agent stops: what depends on the agent is deleted first. */
  private drain({ machine }: OverlayMember, installed: pulumi.Resource): pulumi.Resource {
    const node = nodeName(machine);
    return new RemoteScript(
      `${node}-drain`,
      {
        machine: this.args.overlay.hub.machine,
        script: DRAIN_SCRIPT,
        values: { NODE: node },
        onlyUndo: true,
      },
      // Deleted before the agent is.
      { parent: this, dependsOn: [installed] },
    );
  }

  /** Warns of certificates that expire soon and were not renewed. */
  private tellOfEnd(): void {
    this.kubeconfig.apply((kubeconfig) => {
      const end = endOf(kubeconfig);
      const warning = end === undefined ? undefined : warningOf(end, new Date());
      return warning === undefined ? undefined : pulumi.log.warn(warning, this);
    });
  }

  /** Warns of Secrets that can be read in the datastore. */
  private tellOfSecrets(credentials: pulumi.Output<Credentials>): void {
    credentials.apply(({ areSecretsReadable }) =>
      areSecretsReadable === true ? pulumi.log.warn(READABLE_SECRETS, this) : undefined,
    );
  }

  /**
   * Tells the server the time after which nodes are given up, once every node that this computer reaches renews
   * its lease often enough for it. Until then the server keeps a longer one that it had.
   */
  private settle(
    hub: Hub,
    values: Readonly<Record<string, pulumi.Input<string>>>,
    nodes: readonly pulumi.Resource[],
  ): pulumi.Resource[] {
    return kubeletConfig(this.args.timers) === ""
      ? []
      : [this.install(hub, "server", { ...values, HOLD: "no" }, nodes, "settled")];
  }

  private install(
    member: OverlayMember,
    role: Machine["role"],
    values: Readonly<Record<string, pulumi.Input<string>>>,
    after: readonly pulumi.Resource[],
    state?: "settled",
  ): RemoteScript {
    const { settings, overlay } = this.args;
    const node = nodeName(member.machine);
    return new RemoteScript(
      state === undefined ? `${node}-k3s` : `${node}-k3s-${state}`,
      {
        machine: member.machine,
        script: INSTALL_SCRIPT,
        values: {
          NODE: node,
          VERSION: settings.version,
          URL: downloadUrl(settings, member.machine.arch),
          // Settings without a sum for a machine are refused before anything runs (config/image-rules.ts).
          SHA256: settings.sha256[member.machine.arch] ?? "",
          FLANNEL: flannelConfig(settings, overlay.mtu),
          REGISTRIES: this.registries(),
          AUTHORITIES: authorityLines(settings),
          ADMIN: member.machine.adminUser,
          ROLE: role,
          ...unitValues(role, member.interfaceName, this.args.timers, settings),
          ...hardeningValues(role, this.args.ownKernel ?? true, settings.secretsEncryption),
          RENEWAL: renewalPeriod(new Date()),
          KUBECONFIG_TEXT: "",
          ...values,
        },
        secretOutput: true,
        // Others work on the machine until the node is Ready.
        waits: true,
        // What was installed goes with the resource that did it.
        ...(state === undefined ? {} : { undo: false }),
      },
      // Nodes talk over the overlay; an agent joins a server that runs and that admits it.
      { parent: this, dependsOn: [member.joined, ...after] },
    );
  }

  private registries(): pulumi.Input<string> {
    const { settings, registryPasswords = {} } = this.args;
    return pulumi
      .output(registryPasswords)
      .apply((passwords) => registriesConfig(settings, passwords));
  }

  private node({ machine, interfaceName }: OverlayMember, address: string): NodeConfig {
    return { node: nodeName(machine), tier: machine.tier, address, interfaceName };
  }
}

function nameOf({ machine }: OverlayMember): string {
  return machine.name;
}

/**
 * A name for the cluster that its token belongs to. K3s keeps one token for a cluster's whole life;
 * the hash gives nothing of it away.
 */
function identityOf(token: string): string {
  const hash = createHash("sha256").update(`identity of the cluster of ${token}`);
  return `fogline-${hash.digest("hex").slice(0, 16)}`;
}
