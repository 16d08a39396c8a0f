/** What reaches the hub of a device's request: the program that reads it, with input of every shape. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";

import { mayStayUnread } from "../../lab/stand-ins/command/input.ts";
import { clientConf } from "../overlay/netmaker/conf.ts";
import { writeConf } from "../overlay/wireguard/conf.ts";
import { enrolmentUnits } from "./enrolment-service.ts";
import { scripts } from "./scripts.ts";

const [reader = "", bundle = ""] = scripts("enrolment-request.sh", "join.sh");
const folder = mkdtempSync(join(tmpdir(), "fogline-request-"));
const KEY = `key ${"A".repeat(42)}E=`;
const HOST_KEY = `host-key ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"B".repeat(43)}`;
const OS = "os Debian GNU/Linux 13 (trixie)";
const LINES = [KEY, HOST_KEY, "arch arm64", OS, "end"] as const;
const REQUEST = `${LINES.join("\n")}\n`;
const TAKEN = `${LINES.slice(0, 3).join("\n")}\n`;
const REFUSED = /^refused the request (ends early|is too long|lacks its (key|host-key|arch|os))\n$/;

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** What the reader writes of a request after which the connection ends. */
function read(input: string | Buffer): string {
  const { status, stdout } = spawnSync("bash", [reader], {
    input,
    encoding: "utf8",
    env: { PATH: process.env["PATH"], RUNTIME_DIRECTORY: folder },
  });
  // The connection gets its answer from the program that decides.
  expect([status, stdout]).toEqual([0, ""]);
  return readFileSync(join(folder, "request"), "utf8");
}

/** A request with one line otherwise. */
function withLine(index: number, line: string): string {
  return `${LINES.map((each, i) => (i === index ? line : each)).join("\n")}\n`;
}

/** The line of the reader that says for how long it waits. */
const LIMIT = /\bMOST_SECONDS=(\d+)$/m;
const MOST_SECONDS = LIMIT.exec(readFileSync(reader, "utf8"))?.[1] ?? "";

describe("the reader of requests", () => {
  it("waits for 10 s at most", () => {
    expect(MOST_SECONDS).toBe("10");
  });

  it("takes what devices of every version send, and nothing that follows", () => {
    expect(read(REQUEST)).toBe(TAKEN);
    expect(read(`${REQUEST}peer evil\n`)).toBe(TAKEN);
  });

  it.each([
    ["nothing", "", "ends early"],
    ["a part", REQUEST.slice(0, 150), "ends early"],
    ["everything but its end", REQUEST.replace("end\n", ""), "ends early"],
    ["a line without an end", "x".repeat(1_000_000), "is too long"],
    ["lines without an end", "key x\n".repeat(200_000), "is too long"],
    ["more lines than it has", `peer evil\n${REQUEST}`, "is too long"],
    ["an end alone", "end\n", "lacks its key"],
    ["other lines' ends", REQUEST.replaceAll("\n", "\r\n"), "is too long"],
    ["NUL in its key", withLine(0, KEY.replace("AA", "A\0A")), "lacks its key"],
    ["NUL behind its key", withLine(0, `${KEY}\0`), "lacks its key"],
    ["a key of other length", withLine(0, "key AAAA"), "lacks its key"],
    ["a key that no 32 bytes are", withLine(0, `key ${"A".repeat(42)}B=`), "lacks its key"],
    ["a command for a key", withLine(0, `key $(touch ${folder}/run)`), "lacks its key"],
    ["an option for a host key", withLine(1, `${HOST_KEY} -oProxyCommand=x`), "lacks its host-key"],
    ["another kind of host key", withLine(1, "host-key ssh-rsa AAAAB3"), "lacks its host-key"],
    ["another order", [HOST_KEY, KEY, ...LINES.slice(2), ""].join("\n"), "lacks its key"],
    ["another processor", withLine(2, "arch riscv64"), "lacks its arch"],
    ["a system with a quote", withLine(3, "os Debian';reboot"), "lacks its os"],
    ["a system that is too long", withLine(3, `os ${"x".repeat(81)}`), "lacks its os"],
    ["bytes of no text", Buffer.from(REQUEST).fill(0xff, 8, 20), "lacks its key"],
  ])("refuses a request of %s", (_what, request, why) => {
    expect(read(request)).toBe(`refused the request ${why}\n`);
  });

  it("writes one of its two forms, whatever it gets", () => {
    const pieces = fc.oneof(
      fc.constantFrom(...LINES, "", "end", "key", "\0", "\r", "*", "$(reboot)", "`reboot`"),
      fc.string({ unit: "binary", maxLength: 300 }),
    );
    const request = fc.oneof(
      fc.array(pieces, { maxLength: 8 }).map((lines) => Buffer.from(lines.join("\n"))),
      fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
      // The right request with some bytes of it changed.
      fc
        .array(fc.tuple(fc.nat(REQUEST.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 })
        .map((changes) => {
          const bytes = Buffer.from(REQUEST);
          changes.forEach(([at, byte]) => bytes.writeUInt8(byte, at));
          return bytes;
        }),
    );
    const taken =
      /^key [A-Za-z0-9+/]{43}=\nhost-key ssh-ed25519 [A-Za-z0-9+/]{68}\narch (amd64|arm64)\n$/;
    fc.assert(
      fc.property(request, (bytes) => {
        const text = read(bytes);
        expect(taken.test(text) || REFUSED.test(text), JSON.stringify(text)).toBe(true);
        // What is taken is what was sent, byte for byte.
        expect(REFUSED.test(text) || bytes.toString("latin1").startsWith(text)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it.each([
    // One that waited for more would wait for an hour: the test would not end.
    ["is done when the request is, though the connection stays open", [REQUEST], "3600", TAKEN],
    ["takes a request in pieces", [KEY, REQUEST.slice(KEY.length)], "3600", TAKEN],
    ["waits for a slow one, not for ever", [KEY], MOST_SECONDS, "refused the request ends early\n"],
  ] as const)("%s", async (_what, parts, seconds, result) => {
    const limited = join(folder, "reader.sh");
    const text = readFileSync(reader, "utf8");
    writeFileSync(limited, text.replace(LIMIT, `MOST_SECONDS=${seconds}`));
    const child = spawn("bash", [limited], {
      env: { PATH: process.env["PATH"], RUNTIME_DIRECTORY: folder },
      stdio: ["pipe", "ignore", "inherit"],
    });
    mayStayUnread(child.stdin);
    const ended = new Promise((resolve) => child.once("exit", resolve));
    for (const part of parts) {
      child.stdin.write(part);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    expect(await ended).toBe(0);
    child.stdin.destroy();
    expect(readFileSync(join(folder, "request"), "utf8")).toBe(result);
  });
});

describe("the units of the enrolment service", () => {
  const units = enrolmentUnits({ address: "10.101.0.1", port: "7471" });

  it("keep the reader from everything that it has no need of", () => {
    const file = join(folder, "fogline-enrolment@.service");
    writeFileSync(file, units.SERVICE);
    // Looks at the file alone. 0 of 10 is a service that can do nothing; the limit here is 1.
    const { status, stdout } = spawnSync(
      "systemd-analyze",
      ["security", "--offline=true", "--threshold=10", "--no-pager", file],
      { encoding: "utf8" },
    );
    expect(status, stdout.slice(-300)).toBe(0);
    expect(stdout).toContain("SAFE");
  });

  it("run one part as root, and only that one", () => {
    expect(units.SERVICE.match(/^ExecStart=.*$/gm)).toEqual([
      "ExecStart=/usr/local/libexec/fogline-enrolment-request",
      "ExecStart=+/usr/local/libexec/fogline-enrol admit",
    ]);
    expect(units.SOCKET).toContain("ListenStream=10.101.0.1:7471\n");
  });
});

describe("a configuration that the hub passes on", () => {
  const own = { address: "10.101.2.9/16", mtu: 1420 };
  const hub = {
    name: "hub",
    publicKey: KEY.slice(4),
    allowedIps: ["10.101.0.0/16", "10.10.0.0/16"],
    endpoint: "203.0.113.7:51820",
  };
  const conf = writeConf({ ...own, peers: [hub] });
  const take = `set -euo pipefail; refuse() { echo "$*" >&2; exit 3; }
    ${/^take_conf\(\) \{[^]*?^\}/m.exec(readFileSync(bundle, "utf8"))?.[0] ?? ""}
    take_conf "$1"; printf %s "$CONF"`;

  const taken = (text: string): ReturnType<typeof spawnSync> =>
    spawnSync("bash", ["-c", take, "bash", text.trimEnd()], { encoding: "utf8" });

  it("is taken as overlays of both kinds write it", () => {
    expect(taken(conf).stdout).toBe(conf);
    const client = clientConf(conf.replace("Endpoint", "PostUp = reboot\nEndpoint"));
    expect(taken(client).stdout).toBe(client);
  });

  it.each([
    "PostUp = touch /run/done",
    "postup=touch /run/done",
    "PreDown = true",
    "Table = off",
    "DNS = 192.0.2.1",
    "[Interface] # PostUp",
    "MTU = 1420\rPostUp = true",
  ])("is refused with the line %j: wg-quick would act on it as root", (line) => {
    const { status, stdout } = taken(conf.replace("MTU = 1420", line));
    expect([status, stdout]).toEqual([3, ""]);
  });
});
