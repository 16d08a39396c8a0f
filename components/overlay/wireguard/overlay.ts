/** The overlay from plain WireGuard: the master is the hub, everyone else dials it. */
import * as pulumi from "@pulumi/pulumi";

import type { Timers } from "../../../config/failover.ts";
import {
  enrolmentAddress,
  hubAddress,
  memberAddress,
  operatorAddress,
} from "../../../config/overlay-addresses.ts";
import type { Settings } from "../../../config/schema.ts";
import { nodeName } from "../../../config/names.ts";
import type { CloudMachine, Machine } from "../../machine.ts";
import { LocalScript, RemoteScript } from "../../remote/script.ts";
import { FORMER_TYPES } from "../former-types.ts";
import type { Hub, HubInvitation, Overlay, OverlayMember } from "../member.ts";
import { joinOperator, operatorKey } from "../operator.ts";
import { overlayMtu, readPublicKey, writeConf, type Peer } from "./conf.ts";
import { KEY_SCRIPT, keyValues, MEMBER_SCRIPT } from "./scripts.ts";
import { watchValues } from "./watch.ts";

export interface WireguardOverlayArgs {
  readonly settings: Settings["overlay"];
  readonly timers: Pick<Timers, "keepaliveSeconds">;
  /** The hub: its public UDP port must be open. */
  readonly server: CloudMachine;
  readonly agents: readonly Machine[];
  /** Folder for the key and configuration of the operator's computer, a folder in it for each stack. */
  readonly operatorFolder: string;
}

/** Name of the network interface on every member. */
const INTERFACE = "fogline0";
const UNIT = `wg-quick@${INTERFACE}.service`;

interface Spoke {
  readonly machine: Machine;
  readonly address: string;
  readonly publicKey: pulumi.Output<string>;
}

/** Hub, spokes and the operator's computer in one WireGuard network. Keys are made where they stay. */
export class WireguardOverlay extends pulumi.ComponentResource implements Overlay {
  readonly hub: Hub;
  readonly agents: readonly OverlayMember[];
  readonly operator: pulumi.Resource;
  readonly mtu: number;

  private readonly hubKey: pulumi.Output<string>;

  constructor(
    name: string,
    private readonly args: WireguardOverlayArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    // Members that stay are the same resources in both kinds: a switch changes them in place.
    const aliases = [{ type: "fogline:netmaker:NetmakerOverlay" }, ...FORMER_TYPES];
    super(
      "fogline:wireguard:WireguardOverlay",
      name,
      { ...args.settings, server: args.server.name, agents: args.agents.map(nameOf) },
      { ...opts, aliases },
    );
    this.mtu = overlayMtu(args.settings.pathMtu);
    const hubKey = this.createKey(args.server);
    this.hubKey = keyOf(hubKey, args.server.name);
    const spokes = args.agents.map((machine) => ({
      machine,
      address: this.addressOf(machine.tier, machine.name),
      publicKey: keyOf(this.createKey(machine), machine.name),
    }));
    this.hub = this.createHub(
      hubKey,
      spokes,
      keyOf(operatorKey(name, this.args.operatorFolder, { parent: this }), "this computer"),
    );
    // A member waits for the hub's answer.
    const joined = { parent: this, dependsOn: [this.hub.joined] };
    this.agents = spokes.map((spoke) => this.createSpoke(spoke, joined));
    this.operator = this.joinOperator(name, joined);
    this.registerOutputs({ hub: this.hub.address });
  }

  /** Addresses follow from names, so a device's is known before it joins. */
  invite(device: Pick<Machine, "name">, joinKey: pulumi.Output<string>): HubInvitation {
    const address = this.addressOf("edge", device.name);
    const joinAddress = enrolmentAddress(this.range, address);
    const conf = this.conf(this.withPrefix(address), "edge");
    return {
      admittedBy: "hub",
      joinAddress,
      joinConf: this.conf(`${joinAddress}/32`, "edge", [`${this.hub.address}/32`]),
      joinKey,
      lease: {
        address,
        conf,
        join: (machine, opts) => this.join(machine, address, conf, this.hub.address, opts),
      },
    };
  }

  private get range(): string {
    return this.args.settings.range;
  }

  private addressOf(tier: Machine["tier"], name: string): string {
    return memberAddress(this.range, tier, name, this.args.settings.addresses);
  }

  private createKey(machine: Machine): RemoteScript {
    const node = nodeName(machine);
    return new RemoteScript(
      `${node}-key`,
      { machine, script: KEY_SCRIPT, values: keyValues(node) },
      { parent: this },
    );
  }

  private createHub(
    hubKey: pulumi.Resource,
    spokes: readonly Spoke[],
    operatorKey: pulumi.Output<string>,
  ): Hub {
    const { range, listenPort } = this.args.settings;
    const address = hubAddress(range);
    const known = pulumi.all([
      ...spokes.map(({ machine, publicKey, address: spoke }) =>
        publicKey.apply((key) => host(nodeName(machine), key, spoke)),
      ),
      operatorKey.apply((key) => host("operator", key, operatorAddress(range))),
    ]);
    const conf = known.apply((peers) =>
      writeConf({ address: this.withPrefix(address), mtu: this.mtu, listenPort, peers }),
    );
    const { server } = this.args;
    const member = this.join(server, address, conf, "", {
      parent: this,
      // The hub's configuration names every key but its own, which must be there all the same.
      dependsOn: [hubKey],
    });
    return { ...member, machine: server };
  }

  private createSpoke(spoke: Spoke, opts: pulumi.CustomResourceOptions): OverlayMember {
    const conf = this.conf(this.withPrefix(spoke.address), spoke.machine.tier);
    return this.join(spoke.machine, spoke.address, conf, this.hub.address, opts);
  }

  private join<M extends Machine>(
    machine: M,
    address: string,
    conf: pulumi.Output<string>,
    hub: string,
    opts: pulumi.CustomResourceOptions,
  ): OverlayMember<M> & Omit<Hub, "machine"> {
    const node = nodeName(machine);
    const values = {
      NODE: node,
      CONF: conf,
      HUB: hub,
      MTU: String(this.mtu),
      FORWARD: hub === "" ? "yes" : "no",
      NAMES: "",
      ...watchValues(),
    };
    return {
      machine,
      address,
      interfaceName: INTERFACE,
      unit: UNIT,
      joined: new RemoteScript(
        `${node}-overlay`,
        {
          machine,
          script: MEMBER_SCRIPT,
          values,
        },
        opts,
      ),
    };
  }

  private joinOperator(name: string, opts: pulumi.CustomResourceOptions): pulumi.Resource {
    const conf = this.conf(this.withPrefix(operatorAddress(this.range)), "edge");
    return joinOperator(name, this.args.operatorFolder, conf, this.hub.address, opts);
  }

  /** Machines in the cloud's network dial the hub there; everyone else dials its public address. */
  private conf(
    address: string,
    tier: Machine["tier"],
    reach: readonly string[] = [this.range],
  ): pulumi.Output<string> {
    const { server, settings, timers } = this.args;
    const dial = tier === "cloud" ? server.privateAddress : server.publicAddress;
    return pulumi.all([this.hubKey, dial]).apply(([publicKey, hub]) =>
      writeConf({
        address,
        mtu: this.mtu,
        peers: [
          {
            name: nodeName(server),
            publicKey,
            allowedIps: reach,
            endpoint: `${hub}:${settings.listenPort}`,
            keepalive: timers.keepaliveSeconds,
          },
        ],
      }),
    );
  }

  private withPrefix(address: string): string {
    return `${address}/${this.range.split("/")[1] ?? ""}`;
  }
}

function nameOf({ name }: Machine): string {
  return name;
}

function keyOf({ result }: RemoteScript | LocalScript, member: string): pulumi.Output<string> {
  return result.apply((text) => readPublicKey(text, member));
}

function host(name: string, publicKey: string, address: string): Peer {
  return { name, publicKey, allowedIps: [`${address}/32`] };
}
