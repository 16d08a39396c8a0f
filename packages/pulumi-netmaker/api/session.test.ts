import { describe, expect, it } from "vitest";

import { NetmakerError } from "./index.ts";
import { answering, apiError, clientOf, json, loggedIn, PASSWORD } from "./testing/server.ts";

const noNetworks = json(200, []);
const unauthorized = apiError(401, "unauthorized");

describe("a session", () => {
  it("begins with the first call and carries its token from then on", async () => {
    await using server = await answering([noNetworks]);
    const { networks } = clientOf(server.url);
    expect(server.received).toEqual([]);
    await networks.list();
    await networks.list();
    expect(server.received.map(({ method, token }) => [method, token])).toEqual([
      ["POST", undefined],
      ["GET", "token-1"],
      ["GET", "token-1"],
    ]);
    expect(server.received[0]?.body).toEqual({ username: "admin", password: PASSWORD });
  });

  it("begins once for calls at the same time", async () => {
    await using server = await answering([noNetworks]);
    const { networks } = clientOf(server.url);
    await Promise.all([networks.list(), networks.list(), networks.list()]);
    expect(server.received.filter(({ method }) => method === "POST")).toHaveLength(1);
  });

  it("is renewed once when its token is refused, and the call repeated", async () => {
    await using server = await answering(
      [unauthorized, noNetworks],
      [loggedIn("token-1"), loggedIn("token-2")],
    );
    expect(await clientOf(server.url).networks.list()).toEqual([]);
    expect(server.received.map(({ token }) => token)).toEqual([
      undefined,
      "token-1",
      undefined,
      "token-2",
    ]);
  });

  it("is renewed for creations too, which were not carried out", async () => {
    await using server = await answering([unauthorized, apiError(400, "invalid network name")]);
    const args = { name: "netmaker", addressRange: "10.101.0.0/16" };
    await expect(clientOf(server.url).networks.create(args)).rejects.toThrow(
      "invalid network name",
    );
    expect(server.paths()).toHaveLength(2);
  });

  it("is renewed once for calls whose token runs out at the same time", async () => {
    await using server = await answering(
      [
        (response, request) => {
          (request.token === "token-1" ? unauthorized : noNetworks)(response, request);
        },
      ],
      [loggedIn("token-1"), loggedIn("token-2"), loggedIn("token-3")],
    );
    const { networks } = clientOf(server.url);
    await Promise.all([networks.list(), networks.list(), networks.list()]);
    expect(server.received.filter(({ method }) => method === "POST")).toHaveLength(2);
  });

  it("ends when the new token is refused, too", async () => {
    await using server = await answering([unauthorized]);
    const call = clientOf(server.url).networks.list();
    await expect(call).rejects.toMatchObject({ kind: "credentials", status: 401 });
    expect(server.paths()).toHaveLength(2);
  });

  it("of the master key has nothing to renew", async () => {
    await using server = await answering([unauthorized]);
    const call = clientOf(server.url, { credentials: { masterKey: "k3y" } }).networks.list();
    const error = await call.catch((problem: unknown) => problem);
    expect(error).toMatchObject({ kind: "credentials", status: 401, attempts: 1 });
    expect((error as NetmakerError).message).not.toContain("k3y");
    expect(server.received.map(({ token }) => token)).toEqual(["k3y"]);
  });

  it.each([
    ["password", 400, "incorrect credentials"],
    ["username", 401, "record not found"],
  ])("does not begin with a wrong %s", async (field, status, message) => {
    await using server = await answering([noNetworks], [apiError(status, message)]);
    const call = clientOf(server.url).networks.list();
    await expect(call).rejects.toMatchObject({
      kind: "credentials",
      status,
      field,
      reason: message,
    });
    expect(server.paths()).toEqual([]);
  });

  it("is tried again by the next call after a login that failed", async () => {
    await using server = await answering([noNetworks], [apiError(500, "no"), loggedIn("token-1")]);
    const { networks } = clientOf(server.url);
    await expect(networks.list()).rejects.toThrow("POST /api/users/adm/authenticate: 500: no");
    expect(await networks.list()).toEqual([]);
  });

  it("waits for a server that is starting", async () => {
    await using server = await answering([noNetworks], [apiError(502, "starting"), loggedIn("t")]);
    expect(await clientOf(server.url).networks.list()).toEqual([]);
  });

  it("needs a user without a second factor", async () => {
    const Response = { UserName: "admin", PreAuthToken: "t" };
    const halfway = json(200, { Code: 200, Message: "W1R3: TOTP required", Response });
    await using server = await answering([noNetworks], [halfway]);
    await expect(clientOf(server.url).networks.list()).rejects.toThrow(/one-time password/);
  });

  it("is not needed for the open paths", async () => {
    await using server = await answering([json(200, true)]);
    expect(await clientOf(server.url).server.hasSuperAdmin()).toBe(true);
    expect(server.received.map(({ url, token }) => [url, token])).toEqual([
      ["/api/users/adm/hassuperadmin", undefined],
    ]);
  });
});
