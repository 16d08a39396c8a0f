/**
 * A hub that takes join bundles, and devices behind two NATs: real WireGuard and the scripts that the
 * program sends, on machines made of this computer's namespaces. Needs root and wireguard-go.
 */
import { ENROLMENT_PORT, enrolmentAddress } from "../../../config/overlay-addresses.ts";
import { CONDITION } from "../../../testing/patience.ts";
import { writeConf } from "../../overlay/wireguard/conf.ts";
import { CONF_SCRIPT, MEMBER_SCRIPT } from "../../overlay/wireguard/scripts.ts";
import { render } from "../../remote/render.ts";
import { FILES_SCRIPT, readScript, TOOLS_SCRIPT } from "../../remote/script.ts";
import { CHECK_SCRIPTS } from "../check.ts";
import { INVITE_SCRIPT, serviceValues } from "../enrolment-service.ts";
import { bundleKeys, bundleText } from "../enrolment.ts";
import { scripts } from "../scripts.ts";
import { TestMachine, type Ran } from "./machines.ts";

export const HUB = "10.101.0.1";
/** This computer's processor, as settings name it. */
export const ARCH = { x64: "amd64", arm64: "arm64" }[process.arch as string] ?? "amd64";

const RANGE = "10.101.0.0/16";
const MTU = 1420;
const ENDPOINT = "198.51.100.1:51820";

/** What the hub is told of one device, and the bundle's own key. */
export interface Invited {
  readonly name: string;
  readonly address: string;
  readonly issue: string;
  readonly secret: string;
  /** Whether a server keeps the overlay's peers, instead of the hub itself. */
  readonly served?: boolean;
}

/** Address of a device while it joins. */
export function joinAddress({ address }: Invited): string {
  return enrolmentAddress(RANGE, address);
}

/** Standard output of a run that has to succeed. @throws Error with what it said when it fails */
export async function succeed(run: Promise<Ran>): Promise<string> {
  const { code, stdout, stderr } = await run;
  if (code !== 0) {
    throw new Error(`exit code ${code}: ${stderr}`);
  }
  return stdout;
}

/** The hub, two devices and their routers. */
export class TestFog implements Disposable {
  private constructor(
    readonly hub: TestMachine,
    readonly cabin: TestMachine,
    readonly thief: TestMachine,
    /** From the internet inwards; the last one's LAN ends in `lan-end`. */
    readonly routers: readonly TestMachine[],
    private readonly hubKey: string,
  ) {}

  static async start(): Promise<TestFog> {
    const [hub, cabin, thief, outer, inner] = (await Promise.all(
      ["hub", "cabin", "thief", "outer", "inner"].map((name) => TestMachine.start(name)),
    )) as [TestMachine, TestMachine, TestMachine, TestMachine, TestMachine];
    // hub ── internet ── outer router (NAT) ── inner router (NAT) ── the devices
    outer.cable(hub, "wan", "198.51.100.2/24", "198.51.100.1/24");
    inner.cable(outer, "street", "192.168.50.30/24", "192.168.50.1/24");
    cabin.cable(inner, "lan", "192.168.60.10/24", "192.168.60.1/24");
    thief.cable(inner, "lan2", "192.168.61.11/24", "192.168.61.1/24");
    for (const [router, uplink] of [
      [outer, "wan"],
      [inner, "street"],
    ] as const) {
      router.must(`sysctl -qw net.ipv4.ip_forward=1
        nft add table ip nat
        nft add chain ip nat out '{ type nat hook postrouting priority srcnat; }'
        nft add rule ip nat out oifname ${uplink} masquerade`);
    }
    inner.must("ip route add default via 192.168.50.1");
    cabin.must("ip route add default via 192.168.60.1");
    thief.must("ip route add default via 192.168.61.1");
    const key = hub.must("umask 077; wg genkey | tee /etc/wireguard/fogline0.key | wg pubkey");
    const fog = new TestFog(hub, cabin, thief, [outer, inner], key.trim());
    await succeed(fog.updateHub(1));
    return fog;
  }

  /** Runs the hub's own script of the overlay, with as many peers besides. */
  updateHub(peers: number): Promise<Ran> {
    const text = writeConf({
      address: `${HUB}/16`,
      mtu: MTU,
      listenPort: 51820,
      peers: Array.from({ length: peers }, (_, i) => ({
        name: `worker${i}`,
        publicKey: bundleKeys(`worker ${i}`).publicKey,
        allowedIps: [`10.101.1.${i + 1}/32`],
      })),
    });
    const script = readScript(MEMBER_SCRIPT);
    const values = {
      NODE: "hub",
      CONF: text,
      HUB: "",
      MTU: String(MTU),
      FORWARD: "yes",
      NAMES: "",
    };
    return this.hub.run(render(script, values), "create");
  }

  /** Runs the hub's script that invites a device; prints when the bundle expires. */
  invite(to: Invited, action = "create", validHours = 1): Promise<Ran> {
    return this.hub.run(
      render(readScript(INVITE_SCRIPT), {
        NODE: to.name,
        ISSUE: to.issue,
        ARCH,
        ADDRESS: to.served === true ? "" : to.address,
        JOIN_ADDRESS: joinAddress(to),
        KEY: bundleKeys(to.secret).publicKey,
        VALID_HOURS: String(validHours),
        ...serviceValues({
          address: HUB,
          interfaceName: "fogline0",
          unit: "wg-quick@fogline0.service",
          port: ENROLMENT_PORT,
        }),
      }),
      action,
    );
  }

  /** Hands the hub a device's configuration, as its server made it, or waits until the device is gone. */
  admit(to: Invited, action: "create" | "delete"): Promise<Ran> {
    const script = readScript([FILES_SCRIPT, ...scripts("departure.sh", "admit.sh")]);
    const values = { NODE: to.name, ISSUE: to.issue, ADDRESS: to.address, CONF: this.own(to) };
    return this.hub.run(render(script, values), action);
  }

  /** Waits on the hub for a device; prints what it says of itself. */
  awaitOnHub(to: Invited, waitMinutes = CONDITION / 60_000): Promise<Ran> {
    const values = {
      NODE: to.name,
      ISSUE: to.issue,
      WAIT_MINUTES: String(waitMinutes),
      FILE: `/home/op/join-${to.name}.sh`,
    };
    return this.hub.run(render(readScript(scripts("await.sh")), values), "create");
  }

  /** The join bundle that a device runs. */
  bundle(to: Invited, expires: string): string {
    return bundleText(readScript([...CHECK_SCRIPTS, CONF_SCRIPT, ...scripts("join.sh")]), {
      NODE: to.name,
      ARCH,
      ISSUE: to.issue,
      HUB,
      PORT: ENROLMENT_PORT,
      EXPIRES: expires.trim(),
      JOIN_CONF: this.conf(`${joinAddress(to)}/32`, `${HUB}/32`),
      JOIN_KEY: bundleKeys(to.secret).privateKey,
      CONF: to.served === true ? "" : this.own(to),
      ADMIN: "fogline",
      AUTHORIZED_KEY: "ssh-ed25519 AAAAC3Operator operator",
      LEAVE: readScript([TOOLS_SCRIPT, ...scripts("leave.sh")]),
      RANGES: `fogline:overlay.range ${RANGE}`,
      CGROUPS: "any",
    });
  }

  [Symbol.dispose](): void {
    for (const machine of [this.hub, this.cabin, this.thief, ...this.routers]) {
      machine.stop();
    }
  }

  private own(to: Invited): string {
    return this.conf(`${to.address}/16`, RANGE);
  }

  /** Configuration of who dials the hub. */
  private conf(address: string, reach: string): string {
    const hub = { name: "hub", publicKey: this.hubKey, allowedIps: [reach], endpoint: ENDPOINT };
    return writeConf({ address, mtu: MTU, peers: [hub] });
  }
}
