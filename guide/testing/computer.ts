/**
 * Stand-ins of the programs that the guide runs, with their contract: exit codes, JSON on the output,
 * errors as the real ones word them. `az` answers as the official one does of a loopback endpoint, which
 * guide/az.slow.test.ts tries; `ssh-keygen` is the real one.
 */
import { createCipheriv, pbkdf2Sync, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { execa } from "execa";

import { written, type CommandOptions, type Run } from "../command.ts";
import { CommandError } from "../error.ts";
import { ready, TENANT, type Cloud } from "./arm.ts";

/** Host keys of two devices, made of the SHA-256 of a text: nobody has their private halves. */
export const HOST_KEY =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILE1vj6VnFDWnEF0AeVTcnrWBjWO97999qpZNADNd4oB";
export const OTHER_HOST_KEY =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC/l1/oc1uX8l8A7+j2UcTdpKQx079dyrMTeJ46JJuVh";

const VERSIONS: Readonly<Record<string, string>> = {
  az: '{"azure-cli": "2.91.0"}',
  pulumi: "v3.250.0",
  kubectl: '{"clientVersion": {"gitVersion": "v1.36.3"}}',
  git: "git version 2.39.5",
  curl: "curl 7.88.1 (x86_64-pc-linux-gnu)",
  wg: "wireguard-tools v1.0.20210914 - https://git.zx2c4.com/wireguard-tools/",
  ssh: "",
  buildah: "buildah version 1.28.2",
};

/** A computer, its subscription and its device: what each has, and what of it fails. */
export class Computer {
  readonly cloud: Cloud = ready();
  /** Versions of programs by name; one that is taken out is not installed. */
  readonly versions: Record<string, string> = { ...VERSIONS };
  /** Whether somebody is logged in to Azure, and in which subscription. */
  isLoggedIn = true;
  chosen = "";
  /** Whether this computer's sudo asks for no password. */
  hasSudo = true;
  /** The device: its host key (none when it is off), and what it lets the operator do. */
  device: { hostKey: string | undefined; hasKey: boolean; hasSudo: boolean; obeys: boolean } = {
    hostKey: HOST_KEY,
    hasKey: true,
    hasSudo: true,
    obeys: true,
  };
  /** Stacks of the state, with how their secrets are encrypted. */
  readonly stacks: Record<string, { type: string; state?: { salt: string } }> = {};
  /** Where `pulumi` finds stack files. */
  checkout = "";
  /** What `make pin` and `make plan` do; an error's text makes them fail. */
  pin: () => string | undefined = () => undefined;
  plan: () => string | undefined = () => undefined;
  /** What the service that tells addresses answers. */
  address = "198.41.0.4\n";
  /** Commands that ran, as they are typed. */
  readonly ran: string[] = [];
  private looks = 0;

  readonly run: Run = async (program, args, options = {}) => {
    this.ran.push(written(program, args));
    const isVersion = /^(-V|--?version|version)$/.test(args[0] ?? "");
    if (program in VERSIONS && !(program in this.versions)) {
      throw new CommandError(written(program, args), undefined, [], true);
    }
    if (isVersion && program in VERSIONS) {
      return this.versions[program] ?? "";
    }
    const known: Readonly<Record<string, () => string | Promise<string>>> = {
      az: () => this.az(args),
      pulumi: () => this.pulumi(args, options),
      sudo: () => (this.hasSudo ? "" : refuse(program, args, "sudo: a password is required")),
      curl: () => this.address,
      make: () => this.make(args),
      ssh: () => this.ssh(args),
      "ssh-keyscan": () => this.scan(args),
      "ssh-keygen": async () => {
        await execa(program, args);
        return "";
      },
    };
    const answer = known[program];
    if (answer === undefined) {
      throw new CommandError(written(program, args), undefined, [], true);
    }
    return answer();
  };

  private az(args: readonly string[]): string {
    const words = args.filter((word) => !word.startsWith("--")).join(" ");
    const option = (name: string): string => args[args.indexOf(`--${name}`) + 1] ?? "";
    if (words.startsWith("account list")) {
      return JSON.stringify(this.isLoggedIn ? this.accounts() : []);
    }
    if (words.startsWith("login")) {
      this.isLoggedIn = true;
      return "";
    }
    if (!this.isLoggedIn) {
      return refuse("az", args, "ERROR: Please run 'az login' to setup account.");
    }
    if (words.startsWith("account set")) {
      this.chosen = option("subscription");
      return "";
    }
    if (words.startsWith("provider show")) {
      return JSON.stringify({ registrationState: this.registration(option("namespace")) });
    }
    if (words.startsWith("provider register")) {
      return this.register(args, option("namespace"));
    }
    if (words.startsWith("vm image show")) {
      return this.cloud.versions.includes(option("urn").split(":")[3] ?? "")
        ? "{}"
        : refuse("az", args, "ERROR: (ImageVersionNotFound) VM image version was not found.");
    }
    const lists: readonly (readonly [string, () => readonly object[]])[] = [
      ["vm image list", () => this.cloud.versions.map((version) => ({ version }))],
      ["vm list-skus", () => this.cloud.skus],
      ["vm list-usage", () => this.usage()],
      ["vm list", () => this.machines()],
    ];
    const found = lists.find(([name]) => words.startsWith(name));
    return found === undefined
      ? refuse("az", args, `ERROR: '${words}' is misspelled or not recognized by the system.`, 2)
      : JSON.stringify(found[1]());
  }

  private accounts(): object[] {
    const [first] = this.cloud.subscriptions;
    const chosen = this.chosen === "" ? first?.id : this.chosen;
    return this.cloud.subscriptions.map(({ id, name, state }) => ({
      ...{ id, name, state, tenantId: TENANT, isDefault: id === chosen },
      user: { name: "you@example.com", type: "user" },
    }));
  }

  private registration(namespace: string): string {
    const { registrations, looks } = this.cloud;
    this.looks += registrations[namespace] === "Registering" ? 1 : 0;
    if (registrations[namespace] === "Registering" && this.looks > looks) {
      registrations[namespace] = "Registered";
    }
    return registrations[namespace] ?? "NotRegistered";
  }

  private register(args: readonly string[], namespace: string): string {
    if (!this.cloud.mayRegister) {
      return refuse(
        "az",
        args,
        "ERROR: (AuthorizationFailed) The client does not have authorization.",
      );
    }
    this.cloud.registrations[namespace] = "Registering";
    return "";
  }

  private usage(): object[] {
    return Object.entries(this.cloud.usage).map(([value, [currentValue, limit]]) => ({
      // As text, which releases before 2.60 print.
      ...{ currentValue: String(currentValue), limit: String(limit) },
      name: { value, localizedValue: value === "cores" ? "Total Regional vCPUs" : value },
    }));
  }

  private machines(): object[] {
    return this.cloud.machines.map(({ name, resourceGroup, size }) => ({
      ...{ name, resourceGroup, hardwareProfile: { vmSize: size } },
    }));
  }

  private pulumi(args: readonly string[], { env = {} }: CommandOptions): string {
    const stack = args.find((word) => word.startsWith("--stack="))?.slice("--stack=".length) ?? "";
    switch (args.slice(0, 2).join(" ")) {
      case "stack ls":
        return env["PULUMI_BACKEND_URL"]?.startsWith("azblob:") === true
          ? refuse("pulumi", args, "error: could not open bucket: no credentials", 255)
          : JSON.stringify(Object.keys(this.stacks).map((name) => ({ name, current: false })));
      case "stack export": {
        const secrets_providers = this.stacks[stack];
        return secrets_providers === undefined
          ? refuse("pulumi", args, `error: no stack named '${stack}' found`, 255)
          : JSON.stringify({ version: 3, deployment: { secrets_providers } });
      }
      case "stack init":
        return this.initialize(args, env["PULUMI_CONFIG_PASSPHRASE_FILE"] ?? "");
      default:
        return refuse("pulumi", args, `unknown command "${args.join(" ")}" for "pulumi"`, 255);
    }
  }

  private initialize(args: readonly string[], file: string): string {
    const name = args[2] ?? "";
    if (name in this.stacks) {
      return refuse(
        "pulumi",
        args,
        `error: stack 'organization/fogline/${name}' already exists`,
        255,
      );
    }
    if (!existsSync(file)) {
      const names = "PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE";
      const text = `error: passphrase must be set with ${names} environment variables`;
      return refuse("pulumi", args, text, 255);
    }
    const path = join(this.checkout, `Pulumi.${name}.yaml`);
    const text = readFileSync(path, "utf8");
    const own = /^encryptionsalt: (.*)$/m.exec(text)?.[1];
    const salt = own ?? saltOf(readFileSync(file, "utf8").trim());
    this.stacks[name] = { type: "passphrase", state: { salt } };
    if (own === undefined) {
      writeFileSync(path, `encryptionsalt: ${salt}\n${text}`);
    }
    return "";
  }

  private make(args: readonly string[]): string {
    const what = args.includes("pin") ? this.pin : this.plan;
    const error = what();
    return error === undefined ? "" : refuse("make", args, error, 2);
  }

  private scan(args: readonly string[]): string {
    const { hostKey } = this.device;
    const host = args.at(-1) ?? "";
    // It ends with 0 and prints nothing where nobody answers.
    return hostKey === undefined ? "" : `# ${host}:22 SSH-2.0-OpenSSH_9.2p1\n${host} ${hostKey}\n`;
  }

  private ssh(args: readonly string[]): string {
    const { device } = this;
    const command = args.at(-1) ?? "";
    const isPerson = args.includes("-t");
    if (!isPerson && !device.hasKey) {
      return refuse("ssh", args, "pi@192.168.1.50: Permission denied (publickey,password).", 255);
    }
    if (isPerson) {
      if (!device.obeys) {
        return refuse("ssh", args, "pi is not in the sudoers file.");
      }
      device.hasKey ||= command.includes("authorized_keys");
      device.hasSudo ||= command.includes("sudoers.d");
      return "";
    }
    return command === "sudo -n true" && !device.hasSudo
      ? refuse("ssh", args, "sudo: a password is required")
      : "";
  }
}

function refuse(program: string, args: readonly string[], text: string, code = 1): never {
  throw new CommandError(written(program, args), code, text.split("\n"), false);
}

/** What Pulumi writes into a stack file for a passphrase (see guide/passphrase.ts). */
function saltOf(passphrase: string): string {
  const [seed, nonce] = [randomBytes(8), randomBytes(12)];
  const key = pbkdf2Sync(passphrase, seed, 1_000_000, 32, "sha256");
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const text = Buffer.concat([cipher.update("pulumi"), cipher.final(), cipher.getAuthTag()]);
  const [a, b, c] = [seed, nonce, text].map((part) => part.toString("base64"));
  return `v1:${a ?? ""}:v1:${b ?? ""}:${c ?? ""}`;
}

/** Puts a file where the guide looks for it. */
export function put(path: string, text: string, mode = 0o600): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode });
}
