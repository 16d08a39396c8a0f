import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { SIGNATURE } from "@fogline/pulumi-kit/signatures";
import { afterAll, describe, expect, test } from "vitest";

import { APPS } from "../../apps/index.ts";
import { wantedImages } from "../images/wanted.ts";
import { ownFolder } from "../testing/folder.ts";
import { mergeFacts, readSettings } from "./config.ts";
import { describeChanges, joinAlike, Tracker, type Failure, type Message } from "./events.ts";
import { markSecrets } from "./outputs.ts";
import { clearPending, hasPending, withoutPending } from "./state.ts";
import { addUnreported, Unreported } from "./unreported.ts";

describe("the lab's facts", () => {
  test("are merged into the stack file, key by key and element by element", () => {
    const merged = mergeFacts(
      {
        "fogline:k3s": { version: "v1", sha256: { arm64: "b" } },
        "fogline:edge": [{ name: "raspberrypi", port: 22 }, { name: "other" }],
        "fogline:cloud": { location: "lab" },
      },
      {
        k3s: { sha256: { amd64: "a" }, mirrors: { "docker.io": ["m"] } },
        edge: [{ host: "192.168.50.10", port: 2222 }],
        website: { image: "i" },
      },
    );
    expect(merged).toEqual({
      "fogline:k3s": {
        version: "v1",
        sha256: { arm64: "b", amd64: "a" },
        mirrors: { "docker.io": ["m"] },
      },
      "fogline:edge": [
        { name: "raspberrypi", host: "192.168.50.10", port: 2222 },
        { name: "other" },
      ],
      "fogline:cloud": { location: "lab" },
      "fogline:website": { image: "i" },
    });
  });

  test("with a name are merged into what has that name, wherever it stands, or into nothing", () => {
    const facts = { edge: [{ name: "raspberrypi", host: "192.168.50.10" }] };
    const merged = mergeFacts(
      { "fogline:edge": [{ name: "attic" }, { name: "raspberrypi" }] },
      facts,
    );
    expect(merged["fogline:edge"]).toEqual([{ name: "attic" }, facts.edge[0]]);
    expect(mergeFacts({ "fogline:edge": [{ name: "attic" }] }, facts)["fogline:edge"]).toEqual([
      { name: "attic" },
    ]);
  });

  test("must find what they describe", () => {
    expect(() => mergeFacts({}, { edge: [{ host: "h" }] })).toThrow(/fogline:edge/);
  });
});

describe("the settings that the lab runs", () => {
  const checkout = mkdtempSync(join(tmpdir(), "fogline-settings-"));
  const write = (name: string, config: object): void => {
    writeFileSync(join(checkout, name), JSON.stringify({ config }));
  };
  write("Pulumi.lab.yaml", {
    "fogline:cloud": { arch: "amd64", sshFrom: ["198.51.100.2/32"], location: "lab" },
    "fogline:edge": [{ name: "raspberrypi", host: "192.168.50.10" }],
    "fogline:k3s": { version: "v2", download: "http://192.0.2.10/k3s" },
    "fogline:website": { targetCpuPercent: 30 },
    "fogline:dashboard": { kind: "none" },
  });
  write("Pulumi.dev.yaml", {
    "fogline:cloud": { arch: "arm64", sshFrom: ["203.0.113.7/32"], location: "eastus" },
    "fogline:edge": [{ name: "raspberrypi", host: "192.168.1.50", user: "pi" }],
    "fogline:k3s": { version: "v1" },
    "fogline:website": { image: "build", replicas: 2 },
    "fogline:dashboard": { image: "headlamp" },
  });
  afterAll(() => {
    rmSync(checkout, { recursive: true });
  });

  test("are the lab stack's", () => {
    expect(readSettings(APPS, {}, checkout)["fogline:k3s"]).toMatchObject({ version: "v2" });
  });

  test("are another stack's but for how things are reached here", () => {
    expect(readSettings(APPS, { STACK: "dev" }, checkout)).toEqual({
      "fogline:cloud": { arch: "amd64", sshFrom: ["198.51.100.2/32"], location: "eastus" },
      "fogline:edge": [{ name: "raspberrypi", host: "192.168.50.10", user: "pi" }],
      "fogline:k3s": { version: "v1", download: "http://192.0.2.10/k3s" },
      "fogline:website": { replicas: 2 },
      "fogline:dashboard": { image: "headlamp", kind: "none" },
    });
    const { images } = wantedImages(readSettings(APPS, { STACK: "dev" }, checkout), APPS);
    expect(images.map(({ section }) => section)).toContain("website");
  });

  test("take the lab stack's word for where images come from", () => {
    write("built.yaml", { "fogline:website": { image: "build" } });
    const STACK_FILE = join(checkout, "built.yaml");
    const settings = readSettings(APPS, { STACK: "dev", STACK_FILE }, checkout);
    expect(settings["fogline:website"]).toEqual({ replicas: 2, image: "build" });
  });

  test("leave another stack's logins out, whose passwords its owner alone can decrypt", () => {
    const password = { secure: "v1:AAAA" };
    const k3s = { version: "v1", registries: { "r.fog.io": { username: "ci", password } } };
    write("Pulumi.private.yaml", { "fogline:k3s": k3s });
    const settings = readSettings(APPS, { STACK: "private" }, checkout);
    expect(settings["fogline:k3s"]).not.toHaveProperty("registries");
    expect(settings["fogline:k3s"]).toMatchObject({ version: "v1" });
  });

  test("may stand in a file of the user's", () => {
    write("mine.yaml", { "fogline:cloud": {} });
    const STACK_FILE = join(checkout, "mine.yaml");
    expect(readSettings(APPS, { STACK_FILE }, checkout)).toEqual({ "fogline:cloud": {} });
  });

  test("must exist", () => {
    expect(() => readSettings(APPS, { STACK: "none" }, checkout)).toThrow(
      /Pulumi\.none\.yaml does not/,
    );
  });
});

describe("pending operations", () => {
  const pending = [{ type: "creating", resource: { urn: "urn:pulumi:lab::fogline::a:b:C::vm" } }];

  test("are taken out and named; resources stay", () => {
    const resources = [{ urn: "x" }];
    const { deployment, cleared } = withoutPending({
      version: 3,
      deployment: { resources, pending_operations: pending },
    });
    expect(cleared).toEqual(["creating urn:pulumi:lab::fogline::a:b:C::vm"]);
    expect(deployment).toEqual({ version: 3, deployment: { resources, pending_operations: [] } });
  });

  test("are told to the cloud before the state forgets them, until somebody heard of them", async () => {
    const file = join(ownFolder(), "unreported.json");
    const [begun, changed] = [
      "urn:pulumi:lab::fogline::a:b:C::vm",
      "urn:pulumi:lab::fogline::x:y:Z::a",
    ];
    const stack = {
      exportStack: () =>
        Promise.resolve({
          version: 3,
          deployment: {
            pending_operations: [
              { type: "creating", resource: { urn: begun } },
              { type: "updating", resource: { urn: changed } },
            ],
          },
        }),
      importStack: () => {
        expect(new Unreported(file).has(begun)).toBe(true);
        return Promise.resolve();
      },
    };
    expect(await clearPending(stack, file)).toEqual([`creating ${begun}`, `updating ${changed}`]);
    expect(new Unreported(file).has(changed)).toBe(false);
    // A second kill adds to what the first one left.
    addUnreported([changed], file);
    const unreported = new Unreported(file);
    unreported.forget(begun);
    expect([begun, changed].map((urn) => unreported.has(urn))).toEqual([false, true]);
    expect(new Unreported(file).has(begun)).toBe(false);
  });

  test("are seen in the state file", () => {
    const state = ownFolder();
    const folder = join(state, ".pulumi", "stacks", "fogline");
    expect(hasPending("lab", state)).toBe(false);
    mkdirSync(folder, { recursive: true });
    const write = (latest: object): void => {
      writeFileSync(join(folder, "lab.json"), JSON.stringify({ checkpoint: { latest } }));
    };
    write({ pending_operations: pending });
    expect(hasPending("lab", state)).toBe(true);
    write({ resources: [] });
    expect(hasPending("lab", state)).toBe(false);
  });
});

describe("outputs", () => {
  test("are secret where the engine says so, or says nothing", () => {
    const masked = { [SIGNATURE]: "x", ciphertext: "[secret]" };
    expect(markSecrets({ url: "u", key: "k", new: 1 }, { url: "u", key: masked })).toEqual({
      url: { value: "u", secret: false },
      key: { value: "k", secret: true },
      new: { value: 1, secret: true },
    });
    expect(markSecrets({ list: [1] }, { list: [{ deep: masked }] })["list"]?.secret).toBe(true);
  });
});

describe("the engine's events", () => {
  const urn = (name: string): string => `urn:pulumi:lab::fogline::azure:VirtualMachine::${name}`;
  const step = (name: string, op: string, custom = true): { metadata: unknown } => ({
    metadata: { op, urn: urn(name), type: "azure:VirtualMachine", new: { custom } },
  });

  /** A tracker with what it told, and a clock that the test moves. */
  function follow(): {
    messages: Message[];
    take: (event: object) => void;
    pass: (milliseconds: number) => void;
    tracker: Tracker;
  } {
    const messages: Message[] = [];
    let time = 0;
    const tracker = new Tracker(
      (message) => messages.push(message),
      () => time,
    );
    return {
      messages,
      tracker,
      pass: (milliseconds) => {
        time += milliseconds;
      },
      take: (event) => {
        tracker.take({ sequence: 0, timestamp: 0, ...event });
      },
    };
  }

  test("tell what is at work, since when, and what it printed last", () => {
    const { messages, take, pass } = follow();
    take({ resourcePreEvent: step("MasterNode", "create") });
    pass(3000);
    take({ resourcePreEvent: step("WorkerNode", "update") });
    take({
      diagnosticEvent: { urn: urn("MasterNode"), severity: "info", message: "<{%reset%}>step 3\n" },
    });
    expect(messages.at(-1)).toEqual({
      kind: "waits",
      text: "creating MasterNode (3.0 s): step 3, 1 more at work, 0 done",
    });
  });

  test("leave out what does not change and what only holds others", () => {
    const { messages, take } = follow();
    take({ resourcePreEvent: step("a", "same") });
    take({ resourcePreEvent: step("component", "create", false) });
    expect(messages).toEqual([]);
  });

  test("name what failed with its error and its last lines", () => {
    const { take, tracker } = follow();
    take({ resourcePreEvent: step("raspberrypi", "create") });
    take({
      diagnosticEvent: { urn: urn("raspberrypi"), severity: "info#err", message: "step: join\n" },
    });
    take({ diagnosticEvent: { urn: urn("raspberrypi"), severity: "error", message: "exit 1" } });
    take({ resOpFailedEvent: step("raspberrypi", "create") });
    take({ diagnosticEvent: { severity: "error", message: "update failed" } });
    expect(tracker.failures()).toEqual([
      {
        where: "raspberrypi",
        urn: urn("raspberrypi"),
        step: "creating",
        error: "exit 1",
        lines: "step: join",
      },
    ]);
  });

  test("keep a warning of the moment for the failure, should there be one", () => {
    const { messages, take, tracker } = follow();
    const warn = (name: string, message: string, ephemeral: boolean): void => {
      take({ diagnosticEvent: { urn: urn(name), severity: "warning", message, ephemeral } });
    };
    take({ resourcePreEvent: step("website", "create") });
    warn("website", "[MinimumReplicasUnavailable] not yet", true);
    take({ resOutputsEvent: step("website", "create") });
    const notes = (): Message[] => messages.filter(({ kind }) => kind === "note");
    expect(notes()).toEqual([]);
    expect(tracker.failures()).toEqual([]);

    take({ resourcePreEvent: step("database", "create") });
    warn("database", "[Pod database-0]: containers with unready status: [postgres]", true);
    take({ diagnosticEvent: { urn: urn("database"), severity: "error", message: "timed out" } });
    take({ resOpFailedEvent: step("database", "create") });
    expect(notes()).toEqual([]);
    expect(tracker.failures()).toMatchObject([
      { where: "database", lines: "[Pod database-0]: containers with unready status: [postgres]" },
    ]);
  });

  test("note a lasting warning once, however many resources have it", () => {
    const { messages, take } = follow();
    for (const name of ["a", "b"]) {
      const message = "configured Kubernetes cluster is unreachable: refused";
      take({ diagnosticEvent: { urn: urn(name), severity: "warning", message } });
    }
    expect(messages).toEqual([
      {
        kind: "note",
        text: "warning: a: configured Kubernetes cluster is unreachable: refused",
      },
    ]);
  });

  test("tell failures of one cause as one", () => {
    const failure = (where: string, error: string): Failure => ({
      ...{ where, urn: urn(where), step: "deleting", error, lines: "" },
    });
    const away = "configured Kubernetes cluster is unreachable";
    const joined = joinAlike([failure("a", away), failure("b", "other"), failure("c", away)]);
    expect(joined.map(({ where, others }) => [where, others])).toEqual([
      ["a", 1],
      ["b", 0],
    ]);
  });

  test("blame the program when no resource failed", () => {
    const { take, tracker } = follow();
    take({ diagnosticEvent: { severity: "error", message: "settings have 1 problem" } });
    expect(tracker.failures()).toMatchObject([
      { where: "program", error: "settings have 1 problem" },
    ]);
  });

  test("end in a summary for people", () => {
    expect(describeChanges({ create: 3, same: 12 })).toBe("3 created, 12 unchanged");
    expect(describeChanges({ create: 3 }, true)).toBe("3 to create");
    expect(describeChanges({})).toBe("nothing to do");
  });
});
