/**
 * The overlay from Netmaker: server, host and gateway on the master; edge devices and the operator's
 * computer as its external clients, with plain WireGuard; the cloud's range as its egress.
 */
import {
  DnsRecord,
  Egress,
  EnrollmentKey,
  Gateway,
  Host,
  Network,
  type ExternalClient,
} from "@fogline/pulumi-netmaker";
import * as pulumi from "@pulumi/pulumi";

import type { NetmakerSettings } from "../../../config/netmaker.ts";
import { nodeName } from "../../../config/names.ts";
import { hubAddress } from "../../../config/overlay-addresses.ts";
import type { CloudMachine, EdgeMachine, Machine } from "../../machine.ts";
import { type LocalScript, RemoteScript } from "../../remote/script.ts";
import { FORMER_TYPES } from "../former-types.ts";
import { hostsLines } from "../hosts-file.ts";
import type { Hub, Overlay, OverlayMember, ServerInvitation } from "../member.ts";
import { joinOperator, operatorKey } from "../operator.ts";
import { overlayMtu, readPublicKey } from "../wireguard/conf.ts";
import { KEY_SCRIPT, keyValues, MEMBER_SCRIPT } from "../wireguard/scripts.ts";
import { watchValues } from "../wireguard/watch.ts";
import { createClient, reachAll, type ClientNetwork } from "./clients.ts";
import { clientConf } from "./conf.ts";
import { invite, type InvitingNetwork } from "./invitation.ts";
import { pinned } from "./program.ts";
import { HUB_NAMES_SCRIPT, HUB_SCRIPT, REACH_SCRIPT } from "./scripts.ts";
import { Server, type ServerAccess } from "./server.ts";
import { yieldValues } from "./yield.ts";

export interface NetmakerOverlayArgs {
  readonly settings: NetmakerSettings;
  /** Range of the network's addresses. */
  readonly range: string;
  /** UDP port of the hub. */
  readonly listenPort: number;
  /** Largest packet the path between members carries, in bytes. */
  readonly pathMtu: number;
  /** Runs the server and is the network's host; its ports must be open. */
  readonly server: CloudMachine;
  /** Machines of the cloud, which the route `toOverlay` lets reach the network. */
  readonly workers: readonly CloudMachine[];
  /** Devices outside the cloud. */
  readonly devices: readonly EdgeMachine[];
  /** Range of the cloud's network: the egress. */
  readonly cloudRange: string;
  /** Lets the cloud's machines reach the network through the master. */
  readonly route: pulumi.Resource;
  /** Folder for the key and configuration of the operator's computer. */
  readonly operatorFolder: string;
}

/** Interface of external clients; the host's is netclient's own. */
const CLIENT_INTERFACE = "fogline0";
const HOST_INTERFACE = "netmaker";
const HOST_UNIT = "netclient.service";

/**
 * Keys of clients are made where they stay; the server learns the public halves. Addresses are the
 * server's choice: the host has the first of the range, clients count down from its end in the order
 * in which they are declared, the operator's computer first, so that another device moves no other.
 */
export class NetmakerOverlay extends pulumi.ComponentResource implements Overlay {
  readonly hub: Hub;
  readonly agents: readonly OverlayMember[];
  readonly operator: pulumi.Resource;
  readonly mtu: number;
  /** How the network is asked about from elsewhere; secret. */
  readonly access: pulumi.Output<ServerAccess & { readonly network: string }>;

  /** Options of every resource in the server's database, which goes with the server. */
  private readonly child: pulumi.CustomResourceOptions;
  private readonly network: Network;
  private readonly clients: ClientNetwork;
  /** What joins by itself comes after these. */
  private readonly members: readonly ExternalClient[];
  private readonly admitted: InvitingNetwork["admitted"] = [];

  constructor(
    name: string,
    private readonly args: NetmakerOverlayArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    // Members that stay are the same resources in both kinds: a switch changes them in place.
    const aliases = [{ type: "fogline:wireguard:WireguardOverlay" }, ...FORMER_TYPES];
    super("fogline:netmaker:NetmakerOverlay", name, inputsOf(args), { ...opts, aliases });
    this.mtu = overlayMtu(args.pathMtu);
    const server = new Server(
      `${name}-server`,
      { settings: args.settings, machine: args.server },
      { parent: this },
    );
    this.child = {
      parent: this,
      provider: server.provider,
      // The API answers once the server runs.
      dependsOn: [server.running],
      deletedWith: server.running,
    };
    this.access = server.access.apply((access) => ({
      ...access,
      network: args.settings.network,
    }));
    this.network = createNetwork(name, args, this.mtu, this.child);
    this.hub = this.createHub(name, server);
    this.clients = this.declareHub(name);
    const operator = createOperator(name, args, this.clients, this);
    const devices = this.createDevices(operator);
    this.members = [operator, ...devices.map(({ client }) => client)];
    const rule = reachAll(
      this.clients,
      `${name}-rule-members`,
      "members",
      this.members,
      this.members,
    );
    // A member waits for the hub's answer, which the rule lets through.
    const joined = { parent: this, dependsOn: [rule] };
    this.agents = [
      ...args.workers.map((worker) => this.joinWorker(worker)),
      ...devices.map(({ machine, client }) => this.joinDevice(machine, client, joined)),
    ];
    this.operator = this.joinOperator(name, operator, joined);
    this.nameMembers(devices);
    this.registerOutputs({ hub: this.hub.address });
  }

  /** The server admits the device; the hub, which it reaches with its join key, tells it so. */
  invite(device: Pick<Machine, "name">, joinKey: pulumi.Output<string>): ServerInvitation {
    const { members, admitted } = this;
    // Clients that are declared before it keep their addresses, which count down as clients come.
    const options = pulumi.mergeOptions(this.child, { dependsOn: [...members] });
    const network = { ...this.clients, options, members, admitted };
    return invite(network, nodeName(device), joinKey, (client, rule, machine, opts) =>
      // The hub's answer, which joining waits for, passes by the rule.
      this.joinDevice(machine, client, pulumi.mergeOptions(opts, { dependsOn: [rule] })),
    );
  }

  /** The master's netclient, enrolled with a key that is good once. */
  private createHub(name: string, server: Server): Hub {
    const { settings, range, listenPort, server: machine } = this.args;
    const key = new EnrollmentKey(
      `${name}-key`,
      { name: nodeName(machine), networks: [this.network.name], uses: 1 },
      this.child,
    );
    const address = hubAddress(range);
    const joined = new RemoteScript(
      `${nodeName(machine)}-overlay`,
      {
        machine,
        script: HUB_SCRIPT,
        values: {
          NODE: nodeName(machine),
          ...pinned(settings, "client", machine.arch),
          SERVER: server.host,
          TOKEN: key.token,
          ADDRESS: address,
          ENDPOINT: machine.publicAddress,
          PORT: String(listenPort),
          MTU: String(this.mtu),
          ...yieldValues(),
        },
      },
      // netclient registers with the server.
      { parent: this, dependsOn: [server.running] },
    );
    return { machine, address, interfaceName: HOST_INTERFACE, unit: HOST_UNIT, joined };
  }

  /** What the server is told of the hub: it is a gateway, and the way to the cloud. */
  private declareHub(name: string): ClientNetwork {
    const { server, cloudRange, listenPort } = this.args;
    const network = this.network.name;
    const host = new Host(
      `${name}-host`,
      { name: nodeName(server), network, listenPort, mtu: this.mtu },
      // The host exists once netclient has registered.
      pulumi.mergeOptions(this.child, { dependsOn: [this.hub.joined] }),
    );
    const gateway = new Gateway(
      `${name}-gateway`,
      { network, node: host.nodeId, mtu: this.mtu },
      this.child,
    );
    const egress = new Egress(
      `${name}-egress`,
      // Nodes of the cloud answer to the member's own address: the cloud's route leads back.
      { name: "cloud", network, range: cloudRange, node: host.nodeId, nat: false },
      // Both change the master's node on the server.
      pulumi.mergeOptions(this.child, { dependsOn: [gateway] }),
    );
    return { network, gateway, egress, options: this.child };
  }

  /** Clients get their addresses in the order in which they come, so each waits for the one before. */
  private createDevices(operator: ExternalClient): readonly Device[] {
    const devices: Device[] = [];
    for (const machine of this.args.devices) {
      const node = nodeName(machine);
      const after = [devices.at(-1)?.client ?? operator];
      const key = keyOf(this.createKey(machine), machine.name);
      const client = createClient(this.clients, node, node, key, after);
      devices.push({ machine, client });
    }
    return devices;
  }

  private createKey(machine: Machine): RemoteScript {
    const node = nodeName(machine);
    return new RemoteScript(
      `${node}-key`,
      { machine, script: KEY_SCRIPT, values: keyValues(node) },
      { parent: this },
    );
  }

  private joinDevice(
    machine: EdgeMachine,
    client: ExternalClient,
    opts: pulumi.CustomResourceOptions,
  ): OverlayMember<EdgeMachine> {
    const node = nodeName(machine);
    const joined = new RemoteScript(
      `${node}-overlay`,
      {
        machine,
        script: MEMBER_SCRIPT,
        values: {
          NODE: node,
          CONF: client.config.apply(clientConf),
          HUB: this.hub.address,
          NAMES: this.namesAt(machine, client.address),
          MTU: String(this.mtu),
          FORWARD: "no",
          ...watchValues(),
        },
      },
      opts,
    );
    return { machine, address: client.address, interfaceName: CLIENT_INTERFACE, joined };
  }

  /** A machine of the cloud is behind the egress: it needs nothing but the way back. */
  private joinWorker(machine: CloudMachine): OverlayMember {
    const node = nodeName(machine);
    const address = machine.privateAddress;
    new DnsRecord(
      `${node}-name`,
      { name: this.fullName(machine), network: this.network.name, address },
      this.child,
    );
    const joined = new RemoteScript(
      `${node}-overlay`,
      {
        machine,
        script: REACH_SCRIPT,
        values: { NODE: node, HUB: this.hub.address, NAMES: this.namesAt(machine, address) },
      },
      // The step ends when the hub answers, by the route.
      { parent: this, dependsOn: [this.hub.joined, this.args.route] },
    );
    return { machine, address, joined };
  }

  /**
   * What a member without netclient is told: the hub's name and its own, so that another member that
   * comes or goes is no reason to change it.
   */
  private namesAt(machine: Machine, address: pulumi.Input<string>): pulumi.Output<string> {
    return hostsLines({
      [this.fullName(this.hub.machine)]: this.hub.address,
      [this.fullName(machine)]: address,
    });
  }

  /** Devices that join by a bundle are not among them: nothing waits for those. */
  private nameMembers(devices: readonly Device[]): void {
    const { machine, address } = this.hub;
    const names: Record<string, pulumi.Input<string>> = { [this.fullName(machine)]: address };
    for (const { machine: device, client } of devices) {
      names[this.fullName(device)] = client.address;
    }
    for (const worker of this.args.workers) {
      names[this.fullName(worker)] = worker.privateAddress;
    }
    new RemoteScript(
      `${nodeName(machine)}-names`,
      {
        machine,
        script: HUB_NAMES_SCRIPT,
        values: { NODE: nodeName(machine), NAMES: hostsLines(names) },
      },
      // One script after the other has its turn at the file.
      { parent: this, dependsOn: [this.hub.joined] },
    );
  }

  private fullName(machine: Machine): string {
    return `${nodeName(machine)}.${this.args.settings.network}`;
  }

  private joinOperator(
    name: string,
    client: ExternalClient,
    opts: pulumi.CustomResourceOptions,
  ): pulumi.Resource {
    const conf = client.config.apply(clientConf);
    return joinOperator(name, this.args.operatorFolder, conf, this.hub.address, opts);
  }
}

/** A device outside the cloud, and the client that it is. */
interface Device {
  readonly machine: EdgeMachine;
  readonly client: ExternalClient;
}

/** What the state records of the overlay: its settings, and its members by name. */
function inputsOf(args: NetmakerOverlayArgs): pulumi.Inputs {
  const { settings, range, listenPort, pathMtu, cloudRange } = args;
  const namesOf = (machines: readonly Machine[]): string[] => machines.map(({ name }) => name);
  return {
    ...{ settings, range, listenPort, pathMtu, cloudRange },
    ...{ server: args.server.name, workers: namesOf(args.workers) },
    devices: namesOf(args.devices),
  };
}

function createNetwork(
  name: string,
  { settings, range }: NetmakerOverlayArgs,
  mtu: number,
  opts: pulumi.CustomResourceOptions,
): Network {
  return new Network(
    `${name}-network`,
    {
      name: settings.network,
      addressRange: range,
      mtu,
      // The server's own rules let everybody reach everybody: only the program's are to hold.
      defaultRules: false,
    },
    opts,
  );
}

/** The operator's computer as a client, by the key that stays there. */
function createOperator(
  name: string,
  { operatorFolder }: NetmakerOverlayArgs,
  network: ClientNetwork,
  parent: pulumi.Resource,
): ExternalClient {
  const key = operatorKey(name, operatorFolder, { parent });
  return createClient(network, "operator", "operator", keyOf(key, "this computer"));
}

function keyOf({ result }: RemoteScript | LocalScript, member: string): pulumi.Output<string> {
  return result.apply((text) => readPublicKey(text, member));
}
