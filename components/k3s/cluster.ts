/** One K3s cluster over the overlay: a server, its agents, a kubeconfig. */
import { createHash } from "node:crypto";
import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import type { Settings } from "../../config/schema.ts";
import { nodeName, type Machine } from "../machine.ts";
import type { Overlay, OverlayMember } from "../overlay/member.ts";
import { FILES_SCRIPT, RemoteScript } from "../remote/script.ts";
import {
  agentConfig,
  downloadUrl,
  flannelConfig,
  registriesConfig,
  serverConfig,
  type NodeConfig,
} from "./config.ts";
import { parseCredentials } from "./credentials.ts";

export interface ClusterArgs {
  readonly settings: Settings["k3s"];
  readonly overlay: Overlay;
  /** Machines that join by themselves, when they come; default none. */
  readonly guests?: readonly OverlayMember[];
}

/** A K3s server and its agents, all Ready when `ready` is done. */
export class Cluster extends pulumi.ComponentResource {
  /** Kubeconfig whose server is the overlay address of the control plane; secret. */
  readonly kubeconfig: pulumi.Output<string>;
  /**
   * What tells this cluster from any other: it stays as long as the cluster does, whatever becomes of
   * its kubeconfig, and a preview knows it.
   */
  readonly identity: pulumi.Output<string>;
  /** Done when every node is Ready; guests come when they come, and nothing waits for them. */
  readonly ready: readonly pulumi.Resource[];

  constructor(
    name: string,
    private readonly args: ClusterArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("fogline:k3s:Cluster", name, {}, opts);
    const { hub, agents } = args.overlay;
    const secret = new random.RandomPassword(
      `${name}-token`,
      { length: 48, special: false },
      {
        parent: this,
        // A server on another machine is another cluster, empty, whatever its name and address.
        ...(hub.machine.lifetime === undefined ? {} : { replaceWith: [hub.machine.lifetime] }),
      },
    );
    this.identity = pulumi.unsecret(secret.result.apply(identityOf));
    const server = this.install(
      hub,
      {
        ROLE: "server",
        CONFIG: serverConfig(args.settings, this.node(hub, hub.address)),
        TOKEN: secret.result,
      },
      [],
    );
    const credentials = server.result.apply((text) => parseCredentials(text, hub.address));
    this.kubeconfig = pulumi.secret(credentials.kubeconfig);
    const install = (agent: OverlayMember): RemoteScript =>
      this.install(
        agent,
        {
          ROLE: "agent",
          CONFIG: pulumi
            .output(agent.address)
            .apply((address) => agentConfig(hub.address, this.node(agent, address))),
          SERVER: hub.address,
          TOKEN: credentials.nodeToken,
          KUBECONFIG_TEXT: this.kubeconfig,
        },
        [server, this.forget(agent, server)],
      );
    this.ready = [server, ...agents.map(install)];
    args.guests?.forEach(install);
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
        script: script("claim.sh"),
        values: { NODE: nodeName(machine), NAMES: names.join(" ") },
        undo: false,
      },
      { parent: this, dependsOn: [...this.ready] },
    );
  }

  /** Takes an agent's node out of the cluster once the agent itself is gone. */
  private forget({ machine }: OverlayMember, server: pulumi.Resource): pulumi.Resource {
    const node = nodeName(machine);
    return new RemoteScript(
      `${node}-node`,
      {
        machine: this.args.overlay.hub.machine,
        script: script("forget.sh"),
        values: { NODE: node },
        onlyUndo: true,
      },
      { parent: this, dependsOn: [server] },
    );
  }

  private install(
    member: OverlayMember,
    values: Readonly<Record<string, pulumi.Input<string>>>,
    after: readonly pulumi.Resource[],
  ): RemoteScript {
    const { settings, overlay } = this.args;
    const node = nodeName(member.machine);
    return new RemoteScript(
      `${node}-k3s`,
      {
        machine: member.machine,
        script: [FILES_SCRIPT, script("install.sh")],
        values: {
          NODE: node,
          URL: downloadUrl(settings, member.machine.arch),
          SHA256: checksum(settings, member.machine),
          FLANNEL: flannelConfig(settings.podRange, overlay.mtu),
          REGISTRIES: registriesConfig(settings.mirrors),
          ADMIN: member.machine.adminUser,
          KUBECONFIG_TEXT: "",
          ...values,
        },
        secretOutput: true,
        // Others work on the machine until the node is Ready.
        waits: true,
      },
      { parent: this, dependsOn: [member.joined, ...after] },
    );
  }

  private node({ machine, interfaceName }: OverlayMember, address: string): NodeConfig {
    return { node: nodeName(machine), tier: machine.tier, address, interfaceName };
  }
}

/**
 * A name for the cluster that its token belongs to. K3s keeps one token for a cluster's whole life;
 * the hash gives nothing of it away.
 */
function identityOf(token: string): string {
  const hash = createHash("sha256").update(`identity of the cluster of ${token}`);
  return `fogline-${hash.digest("hex").slice(0, 16)}`;
}

function script(file: string): string {
  return join(import.meta.dirname, "scripts", file);
}

function checksum(settings: Settings["k3s"], machine: Machine): string {
  const sum = settings.sha256[machine.arch];
  if (sum === undefined) {
    throw new pulumi.RunError(
      `fogline:k3s.sha256.${machine.arch}: ${machine.name} needs the binary for ${machine.arch}; ` +
        "add its SHA-256 from the release's checksum file",
    );
  }
  return sum;
}
