import { describe, expect, it } from "vitest";

import {
  apiError,
  bearer,
  clientOf,
  newMember,
  newNetwork,
  raw,
  refusal,
  refused,
  target,
} from "./suite.ts";

// logic/security.go, logic/jwts.go
describe("a call", () => {
  it("needs a token", async () => {
    expect(await raw("GET", "/api/networks", undefined, {})).toEqual(apiError(401, "unauthorized"));
  });

  it("needs one that the server made", async () => {
    const headers = { Authorization: "Bearer eyJhbGciOiJIUzI1NiJ9.e30.x" };
    expect(await raw("GET", "/api/hosts", undefined, headers)).toEqual(
      apiError(401, "unauthorized"),
    );
  });

  it("needs the token to come after a scheme", async () => {
    const headers = { Authorization: await bearer() };
    expect(await raw("GET", "/api/networks", undefined, headers)).toEqual(
      apiError(401, "unauthorized"),
    );
  });
});

const { user, masterKey } = target;

// controllers/user.go, authenticateUser; logic/auth.go, VerifyAuthRequest
describe.runIf(user !== undefined)("a login", () => {
  const { username, password } = user ?? { username: "", password: "" };

  it("gives a token for name and password, in the common wrapping", async () => {
    const body = { username, password };
    expect(await raw("POST", "/api/users/adm/authenticate", body, {})).toMatchObject({
      status: 200,
      json: {
        Code: 200,
        Message: `W1R3: Device ${username} Authorized`,
        Response: {
          UserName: username,
          AuthToken: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) as string,
        },
      },
    });
  });

  it("refuses a wrong password, which the error does not show", async () => {
    const wrong = clientOf({ username, password: "not-the-password" });
    const error = await refusal(wrong.networks.list());
    expect(error).toEqual(refused(400, "incorrect credentials", "password"));
    expect(error.kind).toBe("credentials");
    expect(`${error.message} ${JSON.stringify(error)}`).not.toContain("not-the-password");
  });

  it("refuses an empty password", async () => {
    expect(
      await raw("POST", "/api/users/adm/authenticate", { username, password: "" }, {}),
    ).toEqual(apiError(400, "password can't be empty"));
  });

  it("does not know a user", async () => {
    const stranger = clientOf({ username: "c-stranger", password: "something" });
    const error = await refusal(stranger.networks.list());
    expect(error).toEqual(refused(401, "record not found", "username"));
    expect(error.kind).toBe("credentials");
  });

  it("needs a user name", async () => {
    const body = { username: "", password };
    expect(await raw("POST", "/api/users/adm/authenticate", body, {})).toEqual(
      apiError(401, "user identifiers not provided"),
    );
  });

  it("of something else than JSON is a fault of the server", async () => {
    expect(await raw("POST", "/api/users/adm/authenticate", "{", {})).toEqual(
      apiError(500, "W1R3: It's not you it's me."),
    );
  });

  // controllers/node.go, AuthorizeHost: hosts' own tokens and the master key alone
  it("opens no path of the hosts'", async () => {
    const { name } = await newNetwork();
    const { node, host } = await newMember(name);
    for (const path of [`/api/nodes/${name}/${node.id}`, `/api/hosts/${host.id}`]) {
      expect(await raw("DELETE", path)).toEqual(apiError(401, "unauthorized"));
    }
    expect(await raw("GET", `/api/nodes/${name}/${node.id}`)).toEqual(
      apiError(401, "unauthorized"),
    );
  });
});

describe.runIf(masterKey !== undefined)("the master key", () => {
  const master = clientOf({ masterKey: masterKey ?? "" });

  it("opens what a user's token opens", async () => {
    const { name } = await newNetwork();
    expect((await master.networks.list()).map((network) => network.name)).toContain(name);
  });

  // controllers/acls.go, createAcl: looks up the user `masteradministrator`
  it("creates no ACL rule", async () => {
    const { name } = await newNetwork();
    const everyone = [{ kind: "everyone" as const }];
    expect(
      await refusal(
        master.aclRules.create({ name: "all", network: name, from: everyone, to: everyone }),
      ),
    ).toEqual(refused(400, "record not found"));
  });
});
