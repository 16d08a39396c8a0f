import { describe, expect, it } from "vitest";

import { apiError, netmaker, newNetwork, raw, refusal, refused } from "./suite.ts";

// controllers/server.go, controllers/user.go
describe("the server", () => {
  it("says its version and health to anybody", async () => {
    const status = await netmaker.server.status();
    expect(status.version).toMatch(/^v?1\.\d+\.\d+/);
    expect(status).toMatchObject({ databaseConnected: true, brokerConnected: true });
  });

  it("answers a health check with plain text", async () => {
    expect(await raw("GET", "/api/server/health", undefined, {})).toMatchObject({
      status: 200,
      text: "Server is up and running!!",
    });
  });

  it("says without credentials what its edition can do, in the common wrapping", async () => {
    expect(await raw("GET", "/api/server/feature_flags", undefined, {})).toMatchObject({
      status: 200,
      json: {
        Code: 200,
        Message: "",
        Response: { enable_egress_ha: expect.any(Boolean) as boolean },
      },
    });
  });

  it("knows the domain of its members' names", async () => {
    expect(await netmaker.server.settings()).toEqual({
      domain: expect.any(String) as string,
      managesDns: expect.any(Boolean) as boolean,
    });
  });

  it("counts networks", async () => {
    const before = await netmaker.server.usage();
    await newNetwork();
    const after = await netmaker.server.usage();
    expect(after.networks).toBeGreaterThan(before.networks);
  });

  it("has a super-admin, and takes no second one", async () => {
    expect(await netmaker.server.hasSuperAdmin()).toBe(true);
    const second = { username: "somebody", password: "something-else" };
    expect(await refusal(netmaker.server.createSuperAdmin(second))).toEqual(
      refused(400, "superadmin user already exists"),
    );
  });

  it("has no page at an unknown path", async () => {
    expect(await raw("GET", "/api/nothing")).toMatchObject({ status: 404, json: undefined });
  });

  it("turns away a method that a path does not have", async () => {
    expect(await raw("PUT", "/api/server/status", {})).toMatchObject({ status: 405 });
  });

  it("wraps errors alike, and labels them as JSON", async () => {
    const answer = await raw("GET", "/api/v1/egress");
    expect(answer).toEqual(apiError(400, "network is required"));
    expect(answer.type).toBe("application/json");
  });
});
