/** The Raspberry Pi: it exists before the program runs, on the home's LAN, behind its router. */
import { HOME, HOME2, INNER, NAMESPACES } from "../layout.ts";
import { boot, halt, runInside } from "./machine.ts";
import type { MachineSpec } from "./spec.ts";
import { createInnerLan, createSecondHome, LAN_BRIDGE } from "./network.ts";

/** How the operator reaches the Pi. */
export interface PiAccess {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly hostKey: string;
}

const NAME = "raspberrypi";

function spec(authorizedKey: string): MachineSpec {
  return {
    name: NAME,
    hostname: NAME,
    namespace: NAMESPACES.home,
    bridge: LAN_BRIDGE,
    address: `${HOME.pi}/24`,
    gateway: HOME.router,
    user: "pi",
    authorizedKey,
    cpus: 1,
    memoryMiB: 1024,
  };
}

/** Boots the Pi on the home's LAN, as a person would before anything else. */
export async function startPi({ authorizedKey }: { authorizedKey: string }): Promise<PiAccess> {
  await boot(spec(authorizedKey));
  return { host: HOME.pi, port: 22, user: "pi", hostKey: await hostKey(NAME) };
}

/** Devices that stand behind the second router. */
export type InnerDevice = keyof typeof INNER.devices;

/** Boots a device behind the second router: two NATs from the internet, out of the laptop's reach. */
export async function startInnerDevice(
  name: InnerDevice,
  authorizedKey: string,
): Promise<PiAccess> {
  await createInnerLan();
  const host = INNER.devices[name];
  await boot({
    ...spec(authorizedKey),
    name,
    hostname: name,
    namespace: NAMESPACES.inner,
    address: `${host}/24`,
    gateway: INNER.router,
  });
  return { host, port: 22, user: "pi", hostKey: await hostKey(name) };
}

/** Carries the Pi to the second home: another LAN behind another outer address. */
export async function movePi(authorizedKey: string): Promise<void> {
  const home = await createSecondHome();
  await halt(NAME);
  await boot({
    ...spec(authorizedKey),
    namespace: home.namespace,
    address: `${HOME2.pi}/24`,
    gateway: home.router,
  });
}

/** Carries the Pi back to the first home. */
export async function returnPi(authorizedKey: string): Promise<void> {
  await halt(NAME);
  await boot(spec(authorizedKey));
}

async function hostKey(name: string): Promise<string> {
  const ran = await runInside(name, "cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub");
  if (ran.exitCode !== 0) {
    throw new Error(`${name} has no host key: ${ran.stderr}`);
  }
  return ran.stdout.trim();
}
