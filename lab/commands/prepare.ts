/** Prepares what the program needs: tools, home network, internet, Pi. */
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";

import { execa } from "execa";

import { labApps } from "../apps.ts";
import { bundlePlugin } from "../bundle.ts";
import { readSettings, usesNetmaker, type Facts, type Workspace } from "../engine/config.ts";
import { STATE } from "../engine/state.ts";
import { replaceFile } from "../files.ts";
import { ensureBuildTools, type BuildTools } from "../images/build-tools.ts";
import { chooseImages } from "../images/choices.ts";
import { ensureImages, type ImageRefs } from "../images/images.ts";
import { startRegistry } from "../images/registry.ts";
import { describeImages } from "../images/report.ts";
import { wantedImages } from "../images/wanted.ts";
import { raiseInotifyLimit } from "../inotify.ts";
import { BUILD_TOOLS, FABRIC, RUN, TOOLS } from "../layout.ts";
import { poweredOff } from "../machines/machine.ts";
import { startPi } from "../machines/pi.ts";
import { ensureRoot } from "../machines/root.ts";
import { preflight } from "../preflight.ts";
import { startDownloads } from "../services.ts";
import { hostArch } from "../toolchain/lock.ts";
import { describeReport, writeReport } from "../toolchain/report.ts";
import {
  ensureNetmaker,
  ensureToolchain,
  type NetmakerParts,
  type Toolchain,
} from "../toolchain/toolchain.ts";
import { isHalfDown, tearDown } from "./down.ts";
import { ensureNetwork, networkStands } from "./network.ts";
import {
  awaitNodes,
  bootMachines,
  OVERLAY,
  rejoinOverlay,
  removeStrayDisks,
  restoreCloud,
} from "./recover.ts";
import { claimHost, type Session } from "./session.ts";

const OPERATOR = join(RUN, "operator");
const KEY = join(OPERATOR, "id_ed25519");
/** The provider of this tree that asks Netmaker's API; no stand-in is needed for it. */
const NETMAKER_PROVIDER = "packages/pulumi-netmaker/provider";

/**
 * Makes the lab ready for the engine. Everything in it is idempotent.
 *
 * @returns what the engine's workspace is written from
 */
export async function prepare(session: Session): Promise<Workspace> {
  const { progress } = session;
  const installed = await progress.phase("check this computer", (say) => preflight(say));
  if (installed.length > 0) {
    progress.note(`installed Debian packages: ${installed.join(", ")}`);
  }
  claimHost();
  if (isHalfDown()) {
    progress.note(
      "an earlier make down was interrupted: it is completed first, then the lab is built again",
    );
    await tearDown(session);
    claimHost();
  }
  const limit = raiseInotifyLimit();
  if (limit !== undefined) {
    progress.note(`raised fs.inotify.max_user_instances from ${limit}, until make down`);
  }
  if (existsSync(STATE) && !networkStands()) {
    progress.note("this computer was restarted: the lab's machines boot from their disks");
  }
  await removeStrayDisks();
  await mkdir(RUN, { recursive: true });

  const apps = await labApps();
  const settings = readSettings(apps);
  const wanted = wantedImages(settings, apps);
  const sources = chooseImages(wanted, settings);
  const toolchain = sources.needs.then((needs) =>
    progress.phase("toolchain", (say) => ensureToolchain(needs, say, k3sVersionOf(settings))),
  );
  // Builds run one after another.
  const netmaker = toolchain.then(() =>
    usesNetmaker() ? progress.phase("Netmaker", ensureNetmaker) : undefined,
  );
  // Images that need none of the tools are built meanwhile.
  const images = progress.phase("images", (say) =>
    ensureImages(sources, toolchain, (name, work) => progress.phase(name, work), say),
  );
  // One builder at a time works in the storage.
  const buildTools = Promise.all([toolchain, images]).then(([{ kubectl }]) =>
    wanted.built.length === 0
      ? rm(BUILD_TOOLS, { recursive: true, force: true }).then(() => undefined)
      : progress.phase("build tools", (say) =>
          ensureBuildTools(wanted.built, kubectl, sources.official, say),
        ),
  );
  const network = progress.phase("network", () => ensureNetwork(restoreCloud));
  const recovered = network.then(() => recover(session));
  const services = Promise.all([toolchain, netmaker, network]).then(([tools, parts]) =>
    progress.phase("registry and downloads", () => startServices(tools, parts)),
  );
  // The Pi boots while the toolchain builds: it needs neither tools nor images.
  const root = progress.phase("machine root", ensureRoot);
  const pi = Promise.all([recovered, root, operatorKey()]).then(([, , authorizedKey]) =>
    progress.phase("raspberrypi", () => startPi({ authorizedKey })),
  );
  const [tools, { refs, report: ofImages }, device, , parts, off, building] = await Promise.all([
    toolchain,
    images,
    pi,
    services,
    netmaker,
    recovered,
    buildTools,
  ]);
  const netmakerProvider = await bundlePlugin(NETMAKER_PROVIDER, "netmaker");
  const report = [
    ...tools.report,
    ...(parts === undefined ? [] : [parts.server.line, parts.client.line]),
  ];
  const everyImage = [...ofImages, ...(building?.report ?? [])];
  writeReport(report, everyImage);
  await Promise.all([link(tools.kubectl, TOOLS.kubectl), link(tools.pulumiRoot, TOOLS.pulumi)]);
  for (const line of [...describeReport(report), ...describeImages(everyImage)]) {
    progress.note(line);
  }
  await heardOf(session, off);
  return {
    plugins: { ...tools.plugins, netmaker: netmakerProvider },
    settings,
    facts: { ...facts(tools, withBases(refs, building), device), ...netmakerFacts(parts) },
  };
}

/** The version of K3s that settings ask for. */
function k3sVersionOf(settings: Readonly<Record<string, unknown>>): string | undefined {
  const own = settings["fogline:k3s"] as { readonly version?: unknown } | undefined;
  return typeof own?.version === "string" ? own.version : undefined;
}

/** Sets a link at once, as other commands follow it meanwhile. */
async function link(target: string, path: string): Promise<void> {
  const draft = `${path}.${process.pid}`;
  await mkdir(dirname(path), { recursive: true });
  await symlink(target, draft);
  await rename(draft, path);
}

/** Machines that were off, and since when at the latest, in milliseconds since 1970. */
interface Off {
  readonly machines: readonly string[];
  readonly since: number;
}

/** Boots machines that died without a command, and takes the laptop back into the overlay. */
async function recover({ progress }: Session): Promise<Off> {
  const since = Date.now();
  const off = await poweredOff();
  const machines = off.map(({ name }) => name);
  if (off.length > 0) {
    progress.note(`stopped without a command, started again: ${machines.join(", ")}`);
    await progress.phase("power", (say) => bootMachines(off, say));
  }
  await rejoinOverlay();
  return { machines, since };
}

/** Waits until the cluster sees the machines that were off, so that the program finds it complete. */
async function heardOf({ progress }: Session, { machines, since }: Off): Promise<void> {
  if (machines.length === 0) {
    return;
  }
  const silent = await progress.phase("nodes", (say) => awaitNodes(machines, since, say));
  if (silent.length > 0) {
    progress.note(
      `nodes that have not renewed their leases yet: ${silent.join(", ")}; make logs ARGS=<machine>`,
    );
  }
}

/** Settings that only this lab can fill in, by section. */
function facts(
  toolchain: Toolchain,
  images: Facts,
  pi: { host: string; port: number; user: string; hostKey: string },
): Facts {
  const arch = hostArch();
  return {
    operator: { sshKey: KEY, folder: OVERLAY },
    cloud: { arch, lab: true },
    edge: [{ name: "raspberrypi", ...pi, arch }],
    k3s: { sha256: { [arch]: toolchain.k3s.sha256 } },
    ...images,
  };
}

/** The lab's images, and what those stand upon that the program builds. */
function withBases(images: ImageRefs, tools: BuildTools | undefined): Facts {
  return tools === undefined
    ? images
    : { ...images, registry: { ...images["registry"], bases: tools.bases } };
}

/** Download addresses and sums of Netmaker's programs, if the stack uses them. */
function netmakerFacts(parts: NetmakerParts | undefined): Facts {
  if (parts === undefined) {
    return {};
  }
  const from = (program: string): string =>
    `http://${FABRIC.services}:${FABRIC.downloadPort}/${program}-{arch}`;
  const arch = hostArch();
  return {
    netmaker: {
      server: { download: from("netmaker"), sha256: { [arch]: parts.server.line.sha256 } },
      client: { download: from("netclient"), sha256: { [arch]: parts.client.line.sha256 } },
    },
  };
}

async function startServices(
  { k3s }: Toolchain,
  netmaker: NetmakerParts | undefined,
): Promise<void> {
  const arch = hostArch();
  const small = Object.entries({ netmaker: netmaker?.server, netclient: netmaker?.client });
  await Promise.all([
    startRegistry(),
    startDownloads([
      { path: `/k3s-${arch}`, file: k3s.path, gzip: k3s.gzip, sha256: k3s.sha256 },
      ...small.flatMap(([name, program]) =>
        program === undefined
          ? []
          : [{ path: `/${name}-${arch}`, file: program.path, sha256: program.line.sha256 }],
      ),
    ]),
  ]);
}

/** Creates the operator's SSH key and the passphrase of the stack's secrets once; returns the public key. */
async function operatorKey(): Promise<string> {
  await mkdir(OPERATOR, { recursive: true, mode: 0o700 });
  await chmod(OPERATOR, 0o700);
  const passphrase = join(OPERATOR, "passphrase");
  if (!existsSync(passphrase)) {
    replaceFile(passphrase, randomBytes(32).toString("base64url"), 0o600);
  }
  if (!existsSync(`${KEY}.pub`)) {
    // The public half is written last: a key without it was left by a killed run.
    await execa("sh", [
      "-c",
      'rm -f "$1" "$1.pub" && exec ssh-keygen -q -t ed25519 -N "" -C operator -f "$1"',
      "sh",
      KEY,
    ]);
  }
  return (await readFile(`${KEY}.pub`, "utf8")).trim();
}
