/** What `make azure` does to a device, as a person at a terminal has it done to the lab's Pi. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";

import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";

import { HOME, PROJECT } from "../layout.ts";
import { mayStayUnread } from "../stand-ins/command/input.ts";
import { until } from "../testing/lab.ts";
import { inside } from "../testing/machines.ts";

const PI = "raspberrypi";
/** The Pi's owner, who has never logged in from this computer, and whose sudo asks for the password. */
const PERSON = "owner";
const PASSWORD = randomBytes(12).toString("hex");
const SSHD = "/etc/ssh/sshd_config.d/00-owner.conf";
const SUDOERS = "/etc/sudoers.d/fogline-operator";
const HOST_KEY = "/etc/ssh/ssh_host_ed25519_key.pub";

beforeAll(async () => {
  await inside(
    PI,
    `useradd --create-home --shell /bin/bash --groups sudo ${PERSON}
     chpasswd <<<'${PERSON}:${PASSWORD}'
     printf 'Match User ${PERSON}\\n  PasswordAuthentication yes\\n' >${SSHD}
     systemctl reload ssh`,
  );
});

afterAll(async () => {
  await inside(
    PI,
    `rm -f ${SSHD} ${SUDOERS}; systemctl reload ssh
     loginctl terminate-user ${PERSON} || true; userdel --force --remove ${PERSON}`,
  );
});

/** Runs a command at a terminal of its own: `ssh` and `sudo` read passwords nowhere else. */
function atTerminal(command: string) {
  const args = ["--quiet", "--return", "--command", command, "/dev/null"];
  return execa("script", args, { cwd: PROJECT, all: true, reject: false });
}

/** Who sits there. */
class Person {
  private shown = "";
  private readonly process: ReturnType<typeof atTerminal>;

  constructor(command: string) {
    this.process = atTerminal(command);
    this.process.all.on("data", (data: Buffer) => (this.shown += data.toString()));
    mayStayUnread(this.process.stdin);
  }

  /** Types a line once a question has been shown; what was shown until then is past. */
  async answer(question: RegExp, line: string): Promise<void> {
    const rest = await until(`the guide to ask ${question}, it shows ${this.shown}`, () => {
      const [found] = question.exec(this.shown) ?? [];
      return Promise.resolve(
        found === undefined
          ? undefined
          : this.shown.slice(this.shown.indexOf(found) + found.length),
      );
    });
    this.shown = rest;
    this.process.stdin.write(`${line}\n`);
  }

  async end(): Promise<{ readonly exitCode: number | undefined; readonly said: string }> {
    const { exitCode, all } = await this.process;
    return { exitCode, said: all.replaceAll("\r\n", "\n") };
  }
}

it("lets the operator in on the Pi: key confirmed, public key and sudo put there", async () => {
  const shown = (await inside(PI, `ssh-keygen -lf ${HOST_KEY}`)).split(" ")[1] ?? "";
  const hostKey = (await inside(PI, `cut -d' ' -f1,2 ${HOST_KEY}`)).trim();
  const guide = join("guide", "testing", "at-a-terminal.ts");
  const person = new Person(`${process.execPath} --import tsx ${guide}`);

  await person.answer(/Make a key without a passphrase, .*\]: /, "y");
  await person.answer(/its user and address in this network \[.*\]: /, `${PERSON}@${HOME.pi}`);
  await person.answer(/Is it the same there\?.*: /, shown);
  await person.answer(/put your public key on it[^?]*Run it now\?.*: /, "y");
  await person.answer(/password: /, PASSWORD);
  await person.answer(/run sudo without a password[^?]*Run it now\?.*: /, "y");
  await person.answer(/\[sudo\] password for .*: /, PASSWORD);

  const { exitCode, said } = await person.end();
  expect(exitCode, said).toBe(0);
  expect(said).toContain(`raspberrypi: ${PERSON}@${HOME.pi}, host key ${shown}`);
  expect(said).toContain(`raspberrypi: ${PERSON}@${HOME.pi} lets the operator in, with sudo`);
  expect(said).toContain(`hostKey: ${hostKey}`);
  // The terminal shows what is typed, but for passwords.
  expect(said).not.toContain(PASSWORD);
  expect((await inside(PI, `stat -c '%a %U:%G' ${SUDOERS}`)).trim()).toBe("440 root:root");
});
