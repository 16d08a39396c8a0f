/** Netmaker's server on a machine, without containers: systemd units, a database, Mosquitto, Caddy. */
import { join } from "node:path";

import { Provider } from "@fogline/pulumi-netmaker";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import type { NetmakerSettings } from "../../../config/netmaker.ts";
import { nodeName } from "../../../config/names.ts";
import type { CloudMachine } from "../../machine.ts";
import {
  FILES_SCRIPT,
  FIRST_BOOT_SCRIPT,
  readScript,
  RemoteScript,
  TOOLS_SCRIPT,
} from "../../remote/script.ts";
import { pinned, pinnedUi } from "./program.ts";
import { SERVER_FILES, serverFiles } from "./server-files.ts";

export interface ServerArgs {
  readonly settings: NetmakerSettings;
  /** Its TCP port 443 must be open to this computer. */
  readonly machine: CloudMachine;
}

/** How the API is asked from elsewhere. */
export interface ServerAccess {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** Certificate of the authority to trust; unset for a well-known one. */
  readonly ca?: string;
}

/** User name of the super-admin. */
const ADMIN = "fogline";

/**
 * The server and everything it needs on one machine. The super-admin is made with a password that only
 * the stack's state holds, before anybody else reaches the API; all other secrets are made on the
 * machine and stay there.
 */
export class Server extends pulumi.ComponentResource {
  /** What the API is called by: a DNS name or the machine's public address. */
  readonly host: pulumi.Output<string>;
  /** Secret. */
  readonly access: pulumi.Output<ServerAccess>;
  /** For resources of this server; done when it answers. */
  readonly provider: Provider;
  /** Done when the API answers over TLS. */
  readonly running: pulumi.Resource;

  constructor(name: string, args: ServerArgs, opts?: pulumi.ComponentResourceOptions) {
    const { settings, machine } = args;
    super("fogline:netmaker:Server", name, { settings, machine: machine.name }, opts);
    this.host =
      settings.domain === undefined ? machine.publicAddress : pulumi.output(settings.domain);
    const password = pulumi.secret(
      new random.RandomPassword(
        `${name}-admin`,
        // Letters and digits: nothing on the way needs to quote them.
        { length: 32, special: false },
        { parent: this },
      ).result,
    );
    const server = new RemoteScript(
      `${nodeName(machine)}-netmaker`,
      {
        machine,
        script: serverScript(settings.database),
        values: {
          NODE: nodeName(machine),
          HOST: this.host,
          PASSWORD: password,
          ...valuesOf(args, this.host),
        },
      },
      { parent: this },
    );
    this.running = server;
    const access = {
      url: pulumi.interpolate`https://${this.host}`,
      username: ADMIN,
      password,
      ...(settings.domain === undefined ? { ca: server.result.apply(readCertificate) } : {}),
    };
    this.access = pulumi.secret(access);
    this.provider = new Provider(`${name}-api`, access, {
      parent: this,
      // With a domain nothing of `access` says that the API answers.
      dependsOn: [server],
    });
    this.registerOutputs({ host: this.host });
  }
}

/**
 * The script that installs a server, the first of the master's: it also provides the programs that
 * every later one calls.
 */
export function serverScript(database: NetmakerSettings["database"]): string[] {
  const parts = scripts("program.sh", "ui.sh", databaseScript(database), "server.sh");
  return [FILES_SCRIPT, TOOLS_SCRIPT, FIRST_BOOT_SCRIPT, ...parts];
}

/** What the script is told that is no secret and no name: programs, and files to place. */
function valuesOf(
  { settings, machine }: ServerArgs,
  host: pulumi.Output<string>,
): Readonly<Record<string, pulumi.Input<string>>> {
  const isDomain = settings.domain !== undefined;
  const server = pinned(settings, "server", machine.arch);
  const ui = pinnedUi(settings);
  const database = databaseScript(settings.database);
  const files = pulumi.all([host, machine.publicAddress]).apply(([name, address]) =>
    serverFiles({
      ...{ host: name, isDomain, address, database: settings.database },
      ...{ program: server.PROGRAM, ui: ui.UI },
    }),
  );
  return {
    DOMAIN: isDomain ? "yes" : "no",
    ...server,
    ...ui,
    ADMIN,
    BACKUP: readScript(scripts(database, "backup.sh")),
    RESTORE: readScript(scripts(database, "restore.sh")),
    ...Object.fromEntries(SERVER_FILES.map((file) => [file, files[file]])),
  };
}

function databaseScript(database: NetmakerSettings["database"]): string {
  return `database/${database}.sh`;
}

/** The authority's certificate, without which nobody would know the server. */
function readCertificate(text: string): string {
  if (
    !/^-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+\n-----END CERTIFICATE-----$/.test(text.trim())
  ) {
    throw new pulumi.RunError(
      `the Netmaker server did not print its authority's certificate but ${JSON.stringify(text.slice(0, 80))}`,
    );
  }
  return text;
}

function scripts(...files: readonly string[]): string[] {
  return files.map((file) => join(import.meta.dirname, "scripts/server", file));
}
