/** A device that nobody reaches: it joins the overlay by itself, with a bundle carried to it. */
import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import type { BundleDevice } from "../../config/edge.ts";
import type { OperatorKey } from "../../config/operator-key.ts";
import { ENROLMENT_PORT } from "../../config/overlay-addresses.ts";
import { expandHome } from "../../config/paths.ts";
import { nodeName, type Machine } from "../machine.ts";
import type { Invitation, Overlay, OverlayMember, Seat } from "../overlay/member.ts";
import { operatorFolder } from "../overlay/operator.ts";
import { PRIVATE_KEY } from "../overlay/wireguard/conf.ts";
import {
  FILES_SCRIPT,
  LocalScript,
  readScript,
  RemoteScript,
  TOOLS_SCRIPT,
} from "../remote/script.ts";
import { bundleKeys, bundleText, parseEnrolled, parseExpiry, type Enrolled } from "./enrolment.ts";
import { CHECK_SCRIPTS, type Requirements } from "./check.ts";
import { prepare } from "./preparation.ts";
import { scripts } from "./scripts.ts";

export interface JoinBundleArgs {
  readonly device: BundleDevice;
  readonly overlay: Overlay;
  readonly operatorKey: OperatorKey;
  /** Folder on this computer with a folder for each stack, into which the bundle is written. */
  readonly operatorFolder: string;
  /** What the device is held to before it changes anything on itself. */
  readonly requirements: Requirements;
}

/**
 * Makes a bundle, keeps it in a file of this computer, waits until the device has joined with it, and
 * hands the device over as a member of the overlay like any other.
 *
 * The device makes its own WireGuard key. The bundle holds another one, which opens a tunnel to the
 * hub's enrolment and to nothing else, for one device, once, until it expires.
 */
export class JoinBundle extends pulumi.ComponentResource implements OverlayMember {
  readonly machine: Machine;
  readonly address: pulumi.Input<string>;
  readonly interfaceName?: string;
  readonly joined: pulumi.Resource;
  /** The bundle's text; secret. */
  readonly bundle: pulumi.Output<string>;

  private readonly node: string;

  constructor(
    name: string,
    private readonly args: JoinBundleArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("fogline:edge:JoinBundle", name, {}, opts);
    const { device, overlay } = args;
    this.node = nodeName(device);
    const keys = this.createKeys();
    const invitation = overlay.invite(device, keys.publicKey);
    const invited = this.invite(invitation, keys.publicKey);
    this.bundle = pulumi.secret(this.writeBundle(invitation, keys.privateKey, invited.result));
    const enrolment = this.awaitDevice(invited, this.keepBundle());
    const enrolled = enrolment.result.apply(parseEnrolled);
    const seat = invitation.admit(enrolled.apply(({ key }) => key));
    this.address = seat.address;
    const member = seat.join(this.reached(enrolled), {
      parent: this,
      // From here on the device is reached over the overlay, and left over it in the end.
      dependsOn: [
        invitation.seat === undefined ? this.admit(seat, enrolment) : enrolment,
        overlay.operator,
      ],
    });
    this.machine = prepare(member.machine, args.requirements, {
      parent: this,
      dependsOn: [member.joined],
    });
    this.joined = member.joined;
    if (member.interfaceName !== undefined) {
      this.interfaceName = member.interfaceName;
    }
    this.registerOutputs({ address: this.address });
  }

  private createKeys(): { privateKey: pulumi.Output<string>; publicKey: pulumi.Output<string> } {
    const { result } = new random.RandomPassword(
      `${this.node}-bundle-secret`,
      // Another issue is another secret.
      { length: 48, special: false, keepers: { issue: this.issue } },
      { parent: this },
    );
    const keys = result.apply(bundleKeys);
    return { privateKey: keys.privateKey, publicKey: pulumi.unsecret(keys.publicKey) };
  }

  private invite(invitation: Invitation, publicKey: pulumi.Output<string>): RemoteScript {
    const { device, overlay } = this.args;
    return new RemoteScript(
      `${this.node}-invitation`,
      {
        machine: overlay.hub.machine,
        script: [FILES_SCRIPT, ...scripts("departure.sh", "invite.sh")],
        values: {
          NODE: this.node,
          ISSUE: this.issue,
          ARCH: device.arch,
          ADDRESS: invitation.seat?.address ?? "",
          GUEST: invitation.guestAddress,
          KEY: publicKey,
          VALID_HOURS: String(device.bundle.validHours),
          HUB: overlay.hub.address,
          PORT: ENROLMENT_PORT,
          INTERFACE: overlay.hub.interfaceName,
          UNIT: overlay.hub.unit,
          PROGRAM: readScript(scripts("enrol.sh")),
        },
      },
      { parent: this, dependsOn: [overlay.hub.joined] },
    );
  }

  private writeBundle(
    { guestConf, seat }: Invitation,
    privateKey: pulumi.Output<string>,
    expires: pulumi.Output<string>,
  ): pulumi.Output<string> {
    const { device, overlay, operatorKey } = this.args;
    const conf = seat?.conf ?? pulumi.output("");
    return pulumi.all([privateKey, expires, conf, guestConf]).apply(([key, seconds, own, guest]) =>
      bundleText(readScript([...CHECK_SCRIPTS, ...scripts("join.sh")]), {
        NODE: this.node,
        ARCH: device.arch,
        ISSUE: this.issue,
        HUB: overlay.hub.address,
        PORT: ENROLMENT_PORT,
        EXPIRES: parseExpiry(seconds),
        GUEST_CONF: guest.replace(PRIVATE_KEY, key),
        CONF: own,
        ADMIN: device.user,
        AUTHORIZED_KEY: operatorKey.publicKey,
        LEAVE: readScript([TOOLS_SCRIPT, ...scripts("leave.sh")]),
        ...this.args.requirements,
      }),
    );
  }

  private keepBundle(): LocalScript {
    return new LocalScript(
      `${this.node}-bundle`,
      {
        script: scripts("bundle.sh"),
        values: {
          FILE: this.file,
          TEXT: this.bundle,
          EARLIER: join(expandHome(this.args.operatorFolder), `join-${this.node}.sh`),
        },
      },
      { parent: this },
    );
  }

  private awaitDevice(invitation: RemoteScript, kept: LocalScript): RemoteScript {
    const { device, overlay } = this.args;
    return new RemoteScript(
      `${this.node}-enrolment`,
      {
        machine: overlay.hub.machine,
        script: scripts("await.sh"),
        values: {
          NODE: this.node,
          ISSUE: this.issue,
          WAIT_MINUTES: String(device.bundle.waitMinutes),
          FILE: this.file,
        },
        undo: false,
        // Others work on the hub meanwhile.
        waits: true,
      },
      { parent: this, dependsOn: [invitation, kept] },
    );
  }

  /** Has the hub tell the device what its server has made of it. */
  private admit({ address, conf }: Seat, enrolment: RemoteScript): RemoteScript {
    return new RemoteScript(
      `${this.node}-admission`,
      {
        machine: this.args.overlay.hub.machine,
        script: [FILES_SCRIPT, ...scripts("departure.sh", "admit.sh")],
        values: { NODE: this.node, ISSUE: this.issue, ADDRESS: address, CONF: conf },
      },
      { parent: this, dependsOn: [enrolment] },
    );
  }

  private reached(enrolled: pulumi.Output<Enrolled>): Machine {
    const { device, operatorKey } = this.args;
    return {
      name: device.name,
      tier: "edge",
      role: "agent",
      arch: device.arch,
      adminUser: device.user,
      lost: device.lost,
      connection: pulumi.output({
        host: this.address,
        user: device.user,
        privateKey: operatorKey.privateKey,
        hostKey: enrolled.apply(({ hostKey }) => hostKey),
        perDialTimeout: 10,
        // It has just joined: its tunnel may take a moment to stand.
        dialErrorLimit: 20,
      }),
    };
  }

  private get issue(): string {
    return String(this.args.device.bundle.issue);
  }

  private get file(): string {
    return join(operatorFolder(this.args.operatorFolder), `join-${this.node}.sh`);
  }
}
