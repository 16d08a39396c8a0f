import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { lastUp } from "./last-up.ts";

const URN = "urn:pulumi:dev::fogline::pulumi:pulumi:Stack::fogline-dev";
const STATE = JSON.stringify({
  version: 3,
  checkpoint: {
    latest: {
      resources: [
        { urn: URN, type: "pulumi:pulumi:Stack", outputs: { websiteUrl: "http://192.0.2.18/" } },
        { urn: `${URN}-child`, type: "test:index:Thing", inputs: {} },
      ],
    },
  },
});

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fogline-state-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function write(path: string, data: string | Buffer): void {
  const file = join(folder, ".pulumi/stacks", path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, data);
}

const look = (backend: string | undefined): ReturnType<typeof lastUp> =>
  lastUp("dev", { PULUMI_BACKEND_URL: backend });

describe("the state of the last up", () => {
  it.each([
    ["of the project's stack", "fogline/dev.json", STATE],
    ["of a folder without projects", "dev.json", STATE],
    ["that is packed", "fogline/dev.json.gz", gzipSync(STATE)],
  ])("is read from the folder of the backend: %s", (_, path, data) => {
    write(path, data);
    const state = look(`file://${folder}?metadata=skip`);
    expect(state).toMatchObject({ kind: "read", outputs: { websiteUrl: "http://192.0.2.18/" } });
  });

  it.each([undefined, "", "azblob://state?storage_account=x", "https://api.pulumi.com"])(
    "is not looked for over a network: %s",
    (backend) => {
      const state = look(backend);
      expect(state.kind === "unread" && state.why).toContain("in a folder of this computer alone");
    },
  );

  it("is not there before the first up, nor after everything was destroyed", () => {
    const why = (): unknown => {
      const state = look(`file://${folder}`);
      return state.kind === "unread" && state.why;
    };
    expect(why()).toBe(`before the first \`up\` there is no state of dev in ${folder}`);
    write("fogline/dev.json", JSON.stringify({ checkpoint: { latest: { resources: null } } }));
    expect(why()).toBe("before the first `up` nothing is in the state of dev");
  });

  it("may be something else: the plan goes on and says so", () => {
    write("fogline/dev.json", "{");
    const state = look(`file://${folder}`);
    expect(state.kind === "unread" && state.why).toMatch(
      /^the state of dev in \S+ cannot be read: /,
    );
    write("fogline/dev.json", "[]");
    expect(look(`file://${folder}`).kind).toBe("unread");
  });
});
