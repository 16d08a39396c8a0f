/** A registry of the lab's internet that asks for a login, and a stack file's secret as its user makes one. */
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { execa } from "execa";
import { parse, stringify } from "yaml";

import { ENGINE, STACK } from "../../engine/config.ts";
import { ENVIRONMENT } from "../../engine/environment.ts";
import { STORE } from "../../images/store.ts";
import { FABRIC, RUN, TOOLS } from "../../layout.ts";
import { stopDaemon } from "../../processes.ts";
import { startService } from "../../services.ts";

const FOLDER = join(RUN, "private-registry");
const PORT = 5443;
const NAME = `${FABRIC.services}:${PORT}`;

/** A registry with TLS and basic authentication, which has the images of the lab's own. */
export interface PrivateRegistry extends AsyncDisposable {
  /** As images begin. */
  readonly name: string;
  /** Who made its certificate: itself. */
  readonly ca: string;
  readonly username: string;
  readonly password: string;
  /** What it was asked, a line each with the answer's status. */
  log(): string;
}

/** Starts it in the fabric's namespace. */
export async function startPrivateRegistry(): Promise<PrivateRegistry> {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true, mode: 0o700 });
  const file = (name: string): string => join(FOLDER, name);
  const [username, password] = ["ci", randomBytes(18).toString("base64url")];
  const subject = ["-subj", "/CN=registry", "-addext", `subjectAltName=IP:${FABRIC.services}`];
  const pair = ["-keyout", file("key.pem"), "-out", file("cert.pem")];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await execa("openssl", ["req", "-x509", "-days", "2", ...key, ...subject, ...pair]);
  // The registry takes bcrypt alone, which Debian's libcrypt knows by this setting.
  const { stdout: hash } = await execa(
    "perl",
    ["-e", 'print crypt(<STDIN>, "\\$2y\\$05\\$" . "a" x 22)'],
    {
      input: password,
    },
  );
  writeFileSync(file("htpasswd"), `${username}:${hash}\n`, { mode: 0o600 });
  writeFileSync(
    file("config.yaml"),
    stringify({
      version: "0.1",
      log: { level: "info", accesslog: { disabled: false } },
      storage: {
        filesystem: { rootdirectory: STORE },
        maintenance: { readonly: { enabled: true }, uploadpurging: { enabled: false } },
      },
      auth: { htpasswd: { realm: "fogline", path: file("htpasswd") } },
      http: { addr: NAME, tls: { certificate: file("cert.pem"), key: file("key.pem") } },
    }),
  );
  const [pidFile, logFile] = [file("pid"), file("log")];
  const command = ["docker-registry", "serve", file("config.yaml")];
  await startService({ name: "a private registry", port: PORT, command, pidFile, logFile });
  return {
    name: NAME,
    ca: readFileSync(file("cert.pem"), "utf8"),
    username,
    password,
    log: () => readFileSync(logFile, "utf8"),
    [Symbol.asyncDispose]: async () => {
      await stopDaemon(pidFile);
      rmSync(FOLDER, { recursive: true, force: true });
    },
  };
}

/**
 * A value as a stack file holds it once `pulumi config set --secret --path` has encrypted it with the lab's
 * passphrase. A lab must have been up.
 *
 * @param path as the command is given it, e.g. `fogline:k3s.registries["r:5000"].password`
 * @param keys the same, key by key
 */
export async function encrypted(
  path: string,
  keys: readonly string[],
  value: string,
): Promise<unknown> {
  const args = ["config", "set", "--secret", "--path", path, "--stack", STACK, "--non-interactive"];
  // The value comes by standard input, as from a person who is asked.
  await execa(join(TOOLS.pulumi, "bin", "pulumi"), args, {
    cwd: ENGINE,
    env: ENVIRONMENT,
    input: value,
  });
  const file = parse(readFileSync(join(ENGINE, `Pulumi.${STACK}.yaml`), "utf8")) as unknown;
  return ["config", ...keys].reduce<unknown>(
    (inner, key) => (inner as Readonly<Record<string, unknown>>)[key],
    file,
  );
}
