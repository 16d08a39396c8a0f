import { describe, expect, it } from "vitest";

import { readSettings } from "./settings.ts";

const NEEDED = { DATABASE_HOST: "database", DATABASE_PASSWORD_FILE: "/run/password" };

describe("readSettings", () => {
  it("listens on port 8080 of every address unless told otherwise", () => {
    expect(readSettings(NEEDED)).toMatchObject({
      host: "0.0.0.0",
      port: 8080,
      drainSeconds: 5,
      database: { port: 5432, name: "poll", user: "poll", timeoutMs: 2000 },
    });
  });

  it("names every variable that is missing or wrong at once", () => {
    const read = (): unknown => readSettings({ PORT: "http", DRAIN_SECONDS: "-1" });
    expect(read).toThrow(/PORT must be.*"http"/);
    expect(read).toThrow(/DRAIN_SECONDS must be/);
    expect(read).toThrow(/DATABASE_HOST must be set/);
    expect(read).toThrow(/DATABASE_PASSWORD_FILE must be set/);
  });
});
