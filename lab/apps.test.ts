import { describe, expect, it } from "vitest";

import { APPS } from "../apps/index.ts";
import { labApps } from "./apps.ts";

describe("the apps that the lab runs", () => {
  it("are the program's", async () => {
    expect(await labApps({})).toBe(APPS);
    expect(await labApps({ APPS_LIST: "" })).toBe(APPS);
  });

  it("are those of another list that the environment names", async () => {
    const apps = await labApps({ APPS_LIST: "testing/fixtures/apps/index.ts" });
    expect(Object.keys(apps)).toEqual([...Object.keys(APPS), "hello"]);
  });

  it("must be exported by what the environment names", async () => {
    await expect(labApps({ APPS_LIST: "lab/layout.ts" })).rejects.toThrow(
      /lab\/layout\.ts exports no APPS.*unset it/s,
    );
  });
});
