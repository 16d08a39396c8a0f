import { UNKNOWN } from "@fogline/pulumi-kit/signatures";
import { secret, type Properties } from "@fogline/pulumi-kit/values";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { SshServer } from "../../../testing/ssh-server.ts";
import { CommandProvider } from "./provider.ts";

const URN = "urn:pulumi:lab::fogline::fog$command:remote:Command::step";
const LOCAL = "urn:pulumi:lab::fogline::command:local:Command::step";

const server = { current: new SshServer() };
const said: string[] = [];
let provider = createProvider();

function createProvider(): CommandProvider {
  return new CommandProvider({
    say: (_urn, line) => said.push(line),
    warn: (_urn, line) => said.push(`warning: ${line}`),
    flush: () => Promise.resolve(),
  });
}

function inputs(more: Properties): Properties {
  return { connection: secret(server.current.connection), ...more };
}

beforeEach(async () => {
  said.length = 0;
  provider = createProvider();
  server.current = new SshServer();
  await server.current.listen();
});

afterEach(async () => {
  await server.current.close();
});

describe("the life of a command", () => {
  it("runs create, update and delete, each with what went before", async () => {
    server.current.accepts.push("PULUMI_COMMAND_STDOUT");
    const given = inputs({ create: "echo one", update: "echo $PULUMI_COMMAND_STDOUT two" });
    const { id, outputs } = await provider.create(URN, given);
    expect(id).toMatch(/^step[0-9a-f]{8}$/);
    expect(outputs).toEqual({ ...given, stdout: "one", stderr: "" });
    const more = { ...given, delete: "echo gone $PULUMI_COMMAND_STDOUT" };
    const updated = await provider.update(URN, outputs, more);
    expect(updated["stdout"]).toBe("one two");
    await provider.delete(URN, updated);
    expect(said).toContain("gone one two");
  });

  it("runs create again where there is no update, and nothing without either", async () => {
    const given = inputs({ create: "echo $((6 * 7))", addPreviousOutputInEnv: false });
    expect((await provider.update(URN, {}, given))["stdout"]).toBe("42");
    const idle = await provider.update(URN, { stdout: "kept" }, inputs({}));
    expect(idle).toMatchObject({ stdout: "kept", stderr: "" });
    await provider.delete(URN, given);
    expect(server.current.connections).toBe(1);
  });

  it("runs here as well", async () => {
    const { outputs } = await provider.create(LOCAL, { create: "echo here" });
    expect(outputs["stdout"]).toBe("here");
  });

  it("stops when the engine does", async () => {
    const running = provider.create(LOCAL, { create: "sleep 60" });
    const failure = expect(running).rejects.toThrow("signal: killed");
    await provider.cancel();
    await failure;
  });

  it("shows what a command prints, secrets among it, as the official provider does", async () => {
    server.current.accepts.push("TOKEN");
    const given = inputs({
      create: "echo token $TOKEN; exit 1",
      environment: { TOKEN: secret("hush"), PLAIN: "token" },
      stdin: secret("very secret input"),
    });
    server.current.accepts.push("PLAIN");
    // As the official provider: it takes nothing out of what a command prints.
    await expect(provider.create(URN, given)).rejects.toThrow(/exited with status 1: running "/);
    expect(said).toEqual(["token hush"]);
  });
});

describe("a difference", () => {
  const stored = { create: "a", stdin: secret("x"), triggers: [1, { of: "b" }] };

  it("is none between equal inputs, however they are wrapped", () => {
    const same = { triggers: [1, secret({ of: "b" })], stdin: "x", create: "a" };
    expect(provider.diff(URN, stored, same)).toEqual([]);
  });

  it("of a trigger replaces, any other updates", () => {
    expect(provider.diff(URN, stored, { ...stored, triggers: [1, { of: "c" }] })).toEqual([
      { path: "triggers[1].of", kind: "update", replaces: true },
    ]);
    const connection = { host: "192.0.2.1" };
    expect(provider.diff(URN, { ...stored, connection }, { ...stored, stdin: "y" })).toEqual([
      { path: "stdin", kind: "update", replaces: false },
      { path: "connection", kind: "delete", replaces: false },
    ]);
  });

  it("of a secret connection names it as a whole, once", () => {
    const of = (host: string): Properties => ({
      create: "a",
      connection: secret({ host, port: 22 }),
    });
    const other = { create: "a", connection: secret({ host: "192.0.2.2", port: 2222 }) };
    expect(provider.diff(URN, of("192.0.2.1"), other)).toEqual([
      { path: "connection", kind: "update", replaces: false },
    ]);
  });
});

describe("a check", () => {
  it("refuses by name what is not supported", async () => {
    const connection = { host: "192.0.2.1", colour: "red", proxy: { port: 22 } };
    const problems = provider.check(URN, { connection, archivePaths: ["*"], logging: "loud" });
    expect(problems.map(({ property }) => property)).toEqual([
      "archivePaths",
      "connection.colour",
      "connection.proxy.host",
      "logging",
    ]);
    const refusal = "the lab's stand-in for the command provider does not support command:";
    const copy = URN.replace("Command:", "CopyToRemote:");
    expect(() => provider.check(copy, {})).toThrow(`${refusal}remote:CopyToRemote`);
    await expect(provider.invoke("command:local:run")).rejects.toThrow(`${refusal}local:run`);
  });

  it("has nothing against values that are not known yet", () => {
    expect(provider.check(URN, { connection: UNKNOWN, create: UNKNOWN, logging: UNKNOWN })).toEqual(
      [],
    );
  });
});
