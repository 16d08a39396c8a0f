/** A device that nobody reaches: it joins the overlay by itself, with a bundle carried to it. */
import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import type { BundleDevice } from "../../config/edge.ts";
import type { OperatorKey } from "../../config/operator-key.ts";
import { nodeName } from "../../config/names.ts";
import { ENROLMENT_PORT } from "../../config/overlay-addresses.ts";
import { expandHome } from "../../config/paths.ts";
import type { EdgeMachine } from "../machine.ts";
import type { Invitation, Lease, Overlay, OverlayMember } from "../overlay/member.ts";
import { operatorFolder } from "../overlay/operator.ts";
import { CONF_SCRIPT } from "../overlay/wireguard/scripts.ts";
import {
  FILES_SCRIPT,
  LocalScript,
  readScript,
  RemoteScript,
  TOOLS_SCRIPT,
} from "../remote/script.ts";
import { INVITE_SCRIPT, serviceValues } from "./enrolment-service.ts";
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
  /** What the device must fulfil before it changes anything on itself. */
  readonly requirements: Requirements;
}

/** What every step of a bundle knows. */
interface Step extends JoinBundleArgs {
  readonly node: string;
  /** Number of the bundle; another one is another bundle. */
  readonly issue: string;
  /** The bundle on this computer. */
  readonly file: string;
  readonly parent: pulumi.Resource;
}

interface Keys {
  readonly privateKey: pulumi.Output<string>;
  readonly publicKey: pulumi.Output<string>;
}

/**
 * Makes a bundle, keeps it in a file of this computer, waits until the device has joined with it, and
 * hands the device over as a member of the overlay like any other.
 *
 * The device makes its own WireGuard key. The bundle holds another one, which opens a tunnel to the
 * hub's enrolment service and to nothing else, for one device, once, until it expires.
 */
export class JoinBundle extends pulumi.ComponentResource implements OverlayMember<EdgeMachine> {
  readonly machine: EdgeMachine;
  readonly address: pulumi.Input<string>;
  readonly interfaceName?: string;
  readonly joined: pulumi.Resource;
  /** The bundle's text; secret. */
  readonly bundle: pulumi.Output<string>;

  constructor(name: string, args: JoinBundleArgs, opts?: pulumi.ComponentResourceOptions) {
    const { device, overlay, requirements } = args;
    super("fogline:edge:JoinBundle", name, { device, requirements }, opts);
    const step = stepOf(args, this);
    const keys = createKeys(step);
    const invitation = overlay.invite(device, keys.publicKey);
    const invited = createInvitation(step, invitation);
    this.bundle = bundleOf(step, invitation, keys, invited.result);
    const enrolment = createEnrolment(step, invited, createFile(step, this.bundle));
    const enrolled = enrolment.result.apply(parseEnrolled);
    const { lease, admitted } = admit(step, invitation, enrolment, enrolled);
    const member = lease.join(machineOf(step, lease, enrolled), {
      parent: this,
      // From here on the device is reached over the overlay, and left over it in the end.
      dependsOn: [admitted, overlay.operator],
    });
    this.address = lease.address;
    this.machine = prepare(member.machine, requirements, {
      parent: this,
      // Its SSH is reached over the overlay alone.
      dependsOn: [member.joined],
    });
    this.joined = member.joined;
    if (member.interfaceName !== undefined) {
      this.interfaceName = member.interfaceName;
    }
    this.registerOutputs({ address: this.address });
  }
}

function stepOf(args: JoinBundleArgs, parent: pulumi.Resource): Step {
  const node = nodeName(args.device);
  return {
    ...args,
    node,
    issue: String(args.device.bundle.issue),
    file: join(operatorFolder(args.operatorFolder), `join-${node}.sh`),
    parent,
  };
}

function createKeys({ node, issue, parent }: Step): Keys {
  const { result } = new random.RandomPassword(
    `${node}-bundle-secret`,
    // Another issue is another secret.
    { length: 48, special: false, keepers: { issue } },
    { parent },
  );
  const keys = pulumi.secret(result).apply(bundleKeys);
  return { privateKey: keys.privateKey, publicKey: pulumi.unsecret(keys.publicKey) };
}

/** Has the hub expect the device. */
function createInvitation(step: Step, invitation: Invitation): RemoteScript {
  const { node, device, overlay, parent } = step;
  // A hub that admits the device by itself has to know it and the bundle as peers.
  const peer =
    invitation.admittedBy === "hub"
      ? { ADDRESS: invitation.lease.address, KEY: invitation.joinKey }
      : { ADDRESS: "", KEY: "" };
  return new RemoteScript(
    `${node}-invitation`,
    {
      machine: overlay.hub.machine,
      script: INVITE_SCRIPT,
      values: {
        NODE: node,
        ISSUE: step.issue,
        ARCH: device.arch,
        ...peer,
        JOIN_ADDRESS: invitation.joinAddress,
        VALID_HOURS: String(device.bundle.validHours),
        ...serviceValues({ ...overlay.hub, port: ENROLMENT_PORT }),
      },
    },
    // The enrolment service listens on the hub's address in the overlay.
    { parent, dependsOn: [overlay.hub.joined] },
  );
}

function bundleOf(
  step: Step,
  invitation: Invitation,
  keys: Keys,
  expiry: pulumi.Output<string>,
): pulumi.Output<string> {
  const { device, overlay, operatorKey } = step;
  // A server's configuration follows from the device's key: the hub passes it on to the device.
  const own = invitation.admittedBy === "hub" ? invitation.lease.conf : pulumi.output("");
  const text = pulumi
    .all([own, invitation.joinConf, keys.privateKey, expiry])
    .apply(([conf, joinConf, joinKey, seconds]) =>
      bundleText(readScript([...CHECK_SCRIPTS, CONF_SCRIPT, ...scripts("join.sh")]), {
        NODE: step.node,
        ARCH: device.arch,
        ISSUE: step.issue,
        HUB: overlay.hub.address,
        PORT: ENROLMENT_PORT,
        EXPIRES: parseExpiry(seconds),
        JOIN_CONF: joinConf,
        JOIN_KEY: joinKey,
        CONF: conf,
        ADMIN: device.user,
        AUTHORIZED_KEY: operatorKey.publicKey,
        LEAVE: readScript([TOOLS_SCRIPT, ...scripts("leave.sh")]),
        ...step.requirements,
      }),
    );
  return pulumi.secret(text);
}

function createFile(
  { node, file, operatorFolder: folder, parent }: Step,
  bundle: pulumi.Output<string>,
): LocalScript {
  return new LocalScript(
    `${node}-bundle`,
    {
      script: scripts("bundle.sh"),
      values: {
        FILE: file,
        TEXT: bundle,
        EARLIER: join(expandHome(folder), `join-${node}.sh`),
      },
    },
    { parent },
  );
}

/** Waits until the device has joined; its result is what the device says of itself. */
function createEnrolment(step: Step, invited: RemoteScript, kept: LocalScript): RemoteScript {
  return new RemoteScript(
    `${step.node}-enrolment`,
    {
      machine: step.overlay.hub.machine,
      script: scripts("await.sh"),
      values: {
        NODE: step.node,
        ISSUE: step.issue,
        WAIT_MINUTES: String(step.device.bundle.waitMinutes),
        FILE: step.file,
      },
      undo: false,
      // Others work on the hub meanwhile.
      waits: true,
    },
    // Nobody can join before the hub expects the device and the bundle can be carried to it.
    { parent: step.parent, dependsOn: [invited, kept] },
  );
}

/** The device's lease, and what is done once it is in force. */
function admit(
  step: Step,
  invitation: Invitation,
  enrolment: RemoteScript,
  enrolled: pulumi.Output<Enrolled>,
): { readonly lease: Lease; readonly admitted: pulumi.Resource } {
  if (invitation.admittedBy === "hub") {
    return { lease: invitation.lease, admitted: enrolment };
  }
  const lease = invitation.admit(enrolled.apply(({ key }) => key));
  const admitted = new RemoteScript(
    `${step.node}-admission`,
    {
      machine: step.overlay.hub.machine,
      script: [FILES_SCRIPT, ...scripts("departure.sh", "admit.sh")],
      values: { NODE: step.node, ISSUE: step.issue, ADDRESS: lease.address, CONF: lease.conf },
    },
    // The hub passes the configuration on to the device that asked for it.
    { parent: step.parent, dependsOn: [enrolment] },
  );
  return { lease, admitted };
}

function machineOf(
  { device, operatorKey }: Step,
  { address }: Lease,
  enrolled: pulumi.Output<Enrolled>,
): EdgeMachine {
  return {
    name: device.name,
    tier: "edge",
    role: "agent",
    arch: device.arch,
    adminUser: device.user,
    lost: device.lost,
    connection: pulumi.output({
      host: address,
      user: device.user,
      privateKey: operatorKey.privateKey,
      hostKey: enrolled.apply(({ hostKey }) => hostKey),
      perDialTimeout: 10,
      // It has just joined: its tunnel may take a moment to stand.
      dialErrorLimit: 20,
    }),
  };
}
