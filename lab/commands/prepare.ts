/** Everything that must stand before the program can run: tools, home, internet, Pi. */
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { join } from "node:path";

import { execa } from "execa";

import { writeInput, type Facts } from "../engine/config.ts";
import { STATE } from "../engine/state.ts";
import { ensureImages, type ImageRefs } from "../images/images.ts";
import { startRegistry } from "../images/registry.ts";
import { RUN } from "../layout.ts";
import { startPi } from "../machines/pi.ts";
import { ensureRoot } from "../machines/root.ts";
import { preflight } from "../preflight.ts";
import { startDownloads } from "../services.ts";
import { hostArch } from "../toolchain/lock.ts";
import {
  describeReport,
  ensureToolchain,
  writeReport,
  type Toolchain,
} from "../toolchain/toolchain.ts";
import { tearDown } from "./down.ts";
import { ensureNetwork, networkStands } from "./network.ts";
import { claimHost, type Session } from "./session.ts";

const OPERATOR = join(RUN, "operator");
const KEY = join(OPERATOR, "id_ed25519");

/** Makes the lab ready for the engine. Everything in it is idempotent. */
export async function prepare(session: Session): Promise<Toolchain> {
  const { progress } = session;
  const installed = await progress.phase("check this computer", (say) => preflight(say));
  if (installed.length > 0) {
    progress.note(`installed Debian packages: ${installed.join(", ")}`);
  }
  claimHost();
  if (existsSync(STATE) && !networkStands()) {
    progress.note("this computer was restarted: the lab's machines are gone, so it is built anew");
    await tearDown(session);
    claimHost();
  }
  await mkdir(RUN, { recursive: true });

  const toolchain = progress.phase("toolchain", ensureToolchain);
  // Images that need none of the tools are built meanwhile.
  const images = progress.phase("images", (say) =>
    ensureImages(
      toolchain.then((tools) => tools.images),
      say,
    ),
  );
  const network = progress.phase("network", ensureNetwork);
  const services = Promise.all([toolchain, network]).then(([tools]) =>
    progress.phase("registry and downloads", () => startServices(tools)),
  );
  // The Pi boots while the toolchain builds: it needs neither tools nor images.
  const root = progress.phase("machine root", ensureRoot);
  const pi = Promise.all([network, root, operatorKey()]).then(([, , authorizedKey]) =>
    progress.phase("raspberrypi", () => startPi({ authorizedKey })),
  );
  const [tools, refs, device] = await Promise.all([toolchain, images, pi, services]);
  await Promise.all([
    writeReport(tools.report),
    writeInput({
      pulumiRoot: tools.pulumiRoot,
      plugins: tools.plugins,
      kubectl: tools.kubectl,
      facts: facts(tools, refs, device),
    }),
  ]);
  for (const line of describeReport(tools.report)) {
    progress.note(line);
  }
  return tools;
}

/** What only this lab knows, by section of the settings. */
function facts(
  toolchain: Toolchain,
  images: ImageRefs,
  pi: { host: string; port: number; user: string; hostKey: string },
): Facts {
  const arch = hostArch();
  return {
    operator: { sshKey: KEY, folder: join(OPERATOR, "overlay") },
    cloud: { arch },
    edge: [{ name: "raspberrypi", ...pi, arch }],
    k3s: { sha256: { [arch]: toolchain.k3s.sha256 } },
    website: { image: images.website },
    database: { image: images.postgres },
    ingress: { image: images.traefik },
    descheduler: { image: images.descheduler },
  };
}

async function startServices({ k3s }: Toolchain): Promise<void> {
  await Promise.all([
    startRegistry(),
    startDownloads([
      { path: `/k3s-${hostArch()}`, file: k3s.path, gzip: k3s.gzip, sha256: k3s.sha256 },
    ]),
  ]);
}

/** The operator's SSH key and the passphrase of the stack's secrets, made once; returns the public key. */
async function operatorKey(): Promise<string> {
  await mkdir(OPERATOR, { recursive: true, mode: 0o700 });
  await chmod(OPERATOR, 0o700);
  const passphrase = join(OPERATOR, "passphrase");
  if (!existsSync(passphrase)) {
    await writeFile(passphrase, randomBytes(32).toString("base64url"), { mode: 0o600 });
  }
  if (!existsSync(`${KEY}.pub`)) {
    // The public half is written last: a key without it is the rest of a killed run.
    await execa("sh", [
      "-c",
      'rm -f "$1" "$1.pub" && exec ssh-keygen -q -t ed25519 -N "" -C operator -f "$1"',
      "sh",
      KEY,
    ]);
  }
  return (await readFile(`${KEY}.pub`, "utf8")).trim();
}
