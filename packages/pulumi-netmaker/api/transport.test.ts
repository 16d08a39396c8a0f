import { createServer, type AddressInfo } from "node:net";

import { describe, expect, it } from "vitest";

import { NetmakerError } from "./index.ts";
import { answering, apiError, clientOf, json, PASSWORD, TestClock } from "./testing/server.ts";

const noNetworks = json(200, []);

async function failure(call: Promise<unknown>): Promise<NetmakerError> {
  const outcome = await call.then(
    () => "no failure",
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(NetmakerError);
  return outcome as NetmakerError;
}

describe("a call that is told to come back later", () => {
  it.each([429, 502, 503, 504])("is repeated after a %i", async (status) => {
    await using server = await answering([apiError(status, "later"), noNetworks]);
    expect(await clientOf(server.url).networks.list()).toEqual([]);
    expect(server.paths()).toHaveLength(2);
  });

  it("waits a growing, random time", async () => {
    const clock = new TestClock();
    await using server = await answering([apiError(503, "later")]);
    const error = await failure(clientOf(server.url, { clock }).networks.list());
    expect(error).toMatchObject({ kind: "refused", status: 503, attempts: 5 });
    expect(error.message).toBe("GET /api/networks: 503: later [5 attempts]");
    // Half of each span, as the test's random numbers are.
    expect(clock.slept).toEqual([125, 250, 500, 1000]);
  });

  it("waits as long as the server asks", async () => {
    const clock = new TestClock();
    await using server = await answering([json(429, {}, { "Retry-After": "3" }), noNetworks]);
    await clientOf(server.url, { clock }).networks.list();
    expect(clock.slept).toEqual([3000]);
  });

  it("gives up when the server asks for more than the call's deadline", async () => {
    const clock = new TestClock();
    await using server = await answering([json(503, {}, { "Retry-After": "3600" }), noNetworks]);
    const error = await failure(clientOf(server.url, { clock }).networks.list());
    expect(error).toMatchObject({ status: 503, attempts: 1 });
    expect(clock.slept).toEqual([]);
  });

  it("is not repeated if it creates something and may have been carried out", async () => {
    await using server = await answering([apiError(503, "later"), json(200, {})]);
    const args = { name: "netmaker", addressRange: "10.101.0.0/16" };
    const error = await failure(clientOf(server.url).networks.create(args));
    expect(error).toMatchObject({ method: "POST", status: 503, attempts: 1 });
    expect(server.paths()).toHaveLength(1);
  });

  it("is repeated even so after a 429, which comes before anything is done", async () => {
    await using server = await answering([apiError(429, "later"), apiError(400, "refused")]);
    const args = { name: "netmaker", addressRange: "10.101.0.0/16" };
    await failure(clientOf(server.url).networks.create(args));
    expect(server.paths()).toHaveLength(2);
  });

  it.each([400, 403, 404, 500])("is not repeated after a %i", async (status) => {
    await using server = await answering([apiError(status, "no")]);
    const error = await failure(clientOf(server.url).hosts.list());
    expect(error).toMatchObject({ status, attempts: 1 });
  });
});

describe("a connection that breaks", () => {
  it("before the answer is whole is not taken for an answer", async () => {
    await using server = await answering([
      (response) => {
        response.writeHead(200, { "Content-Length": "100" });
        response.write("[");
        setImmediate(() => response.destroy());
      },
    ]);
    const error = await failure(clientOf(server.url, { retry: { attempts: 2 } }).networks.list());
    expect(error).toMatchObject({ kind: "unreachable", attempts: 2 });
    expect(error.message).toContain("the connection broke");
  });

  it("is made anew, and the call repeated", async () => {
    await using server = await answering([(response) => response.destroy(), noNetworks]);
    expect(await clientOf(server.url).networks.list()).toEqual([]);
  });

  it("leaves a creation as it is: it may have been carried out", async () => {
    await using server = await answering([(response) => response.destroy(), json(200, {})]);
    const args = { name: "netmaker", addressRange: "10.101.0.0/16" };
    const error = await failure(clientOf(server.url).networks.create(args));
    expect(error).toMatchObject({ kind: "unreachable", attempts: 1 });
  });
});

describe("a server that is not there", () => {
  it("is tried again, for creations too, and named in the end", async () => {
    const clock = new TestClock();
    const url = `http://127.0.0.1:${await closedPort()}`;
    const masterKey = { credentials: { masterKey: "key" }, clock };
    const args = { name: "netmaker", addressRange: "10.101.0.0/16" };
    const error = await failure(clientOf(url, masterKey).networks.create(args));
    expect(error).toMatchObject({ kind: "unreachable", attempts: 5 });
    expect(error.message).toContain("ECONNREFUSED");
    expect(clock.slept).toHaveLength(4);
  });
});

describe("a server that is slow", () => {
  it("is given up after the time for one request", async () => {
    await using server = await answering([() => undefined]);
    const error = await failure(
      clientOf(server.url, { timeout: 50, retry: { attempts: 2 } }).networks.list(),
    );
    expect(error).toMatchObject({ kind: "timeout", attempts: 2 });
    expect(error.message).toContain("no whole answer within 0.05 s");
    expect(error.message).not.toContain("HTTPS_PROXY");
  });

  it("with its keys is told why that may be", async () => {
    await using server = await answering([() => undefined]);
    const client = clientOf(server.url, { timeout: 50, retry: { attempts: 1 } });
    expect((await failure(client.enrollmentKeys.list())).message).toMatch(
      /for each key, 10 s each: give the server HTTPS_PROXY/,
    );
  });

  it("is given up when it starts to answer and goes on for ever", async () => {
    await using server = await answering([
      (response) => {
        response.writeHead(200);
        response.write("[");
      },
    ]);
    const error = await failure(
      clientOf(server.url, { timeout: 50, retry: { attempts: 1 } }).networks.list(),
    );
    expect(error.kind).toBe("timeout");
  });
});

describe("an answer that is not what the API promises", () => {
  it.each([
    ["is empty", "", "the answer is empty"],
    ["is a page", "<html>Bad gateway</html>", "the answer is not JSON"],
    ["is half", '[{"id":', "the answer is not JSON"],
    ["is another thing", '{"networks":[]}', "not what the API promises: the answer:"],
    ["lacks fields", '[{"id":"1"}]', "the answer.0.netid:"],
  ])("says so when it %s", async (_, body, message) => {
    await using server = await answering([(response) => response.end(body)]);
    const error = await failure(clientOf(server.url).networks.list());
    expect(error).toMatchObject({ kind: "answer", status: 200, attempts: 1 });
    expect(error.message).toContain(message);
  });

  it("shows the rules that values break, but not the values", async () => {
    await using server = await answering([json(200, [{ id: "c2VjcmV0", netid: 7 }])]);
    const error = await failure(clientOf(server.url).networks.list());
    expect(error.message).not.toContain("c2VjcmV0");
  });

  it("is cut off when it is too long", async () => {
    await using server = await answering([
      (response) => {
        response.write("x".repeat(2000));
        response.end("x".repeat(2000));
      },
    ]);
    const error = await failure(clientOf(server.url, { maxBytes: 1000 }).networks.list());
    expect(error).toMatchObject({ kind: "answer", attempts: 1 });
    expect(error.message).toContain("longer than 1000 bytes");
  });

  it("is quoted in one short line when it is an error of somebody else's", async () => {
    const page = `<html>\n<h1>403 Forbidden</h1>\n${"x".repeat(1000)}</html>`;
    await using server = await answering([
      (response) => {
        response.statusCode = 403;
        response.end(page);
      },
    ]);
    const error = await failure(clientOf(server.url).networks.list());
    expect(error.reason).toMatch(/^<html> <h1>403 Forbidden<\/h1> x+$/);
    expect(error.reason).toHaveLength(300);
  });
});

describe("an error", () => {
  it("names call, status, the API's message and the field", async () => {
    await using server = await answering([apiError(400, "network cidr already in use")]);
    const args = { name: "netmaker", addressRange: "10.101.0.0/16" };
    const error = await failure(clientOf(server.url).networks.create(args));
    expect(error.message).toBe(
      "POST /api/networks: 400: network cidr already in use (addressRange)",
    );
    expect(error).toMatchObject({
      kind: "refused",
      method: "POST",
      path: "/api/networks",
      status: 400,
      reason: "network cidr already in use",
      field: "addressRange",
    });
  });

  it.each([
    ["json: cannot unmarshal string into Go struct field Network.defaultmtu of type int32", "mtu"],
    [
      "json: cannot unmarshal number into Go struct field .auto_remove_tags of type []string",
      "removeTags",
    ],
    ["Key: 'X.Nonsense' Error:Field validation for 'Nonsense' failed on the 'max' tag", "nonsense"],
    ["something else", undefined],
  ])("finds the field in the server's own words: %s", async (message, field) => {
    await using server = await answering([apiError(400, message)]);
    const args = { name: "netmaker", addressRange: "10.101.0.0/16" };
    expect((await failure(clientOf(server.url).networks.create(args))).field).toBe(field);
  });

  it("shows no password, even if the server repeats it", async () => {
    const echo = apiError(400, `incorrect credentials: ${PASSWORD}`);
    await using server = await answering([noNetworks], [echo]);
    const error = await failure(clientOf(server.url).networks.list());
    expect(error.kind).toBe("credentials");
    expect(everythingOf(error)).not.toContain(PASSWORD);
  });

  it("shows no token, even if the server repeats it", async () => {
    await using server = await answering([apiError(403, "token-1 is forbidden")]);
    const error = await failure(clientOf(server.url).networks.list());
    expect(error.reason).toBe("… is forbidden");
    expect(everythingOf(error)).not.toContain("token-1");
  });

  it("shows no enrolment key, which is part of its path", async () => {
    await using server = await answering([apiError(500, "no key KEY0KEY0")]);
    const error = await failure(clientOf(server.url).enrollmentKeys.delete("KEY0KEY0"));
    expect(error.path).toBe("/api/v1/enrollment-keys/…");
    expect(everythingOf(error)).not.toContain("KEY0KEY0");
  });
});

describe("a path", () => {
  it("holds a name as one part of it, whatever the name is", async () => {
    await using server = await answering([apiError(404, "record not found")]);
    await clientOf(server.url).networks.get("../hosts?x=1#y");
    expect(server.paths()).toEqual(["/api/networks/..%2Fhosts%3Fx%3D1%23y"]);
  });

  it.each(["", ".", ".."])("is not built of %j", async (name) => {
    await using server = await answering([noNetworks]);
    const { networks } = clientOf(server.url);
    const error = await failure(networks.get(name));
    expect(error).toMatchObject({ kind: "argument", attempts: 0 });
    expect(error.message).toBe("must be followed by a name or an id (/api/networks/)");
    expect(server.received).toEqual([]);
  });

  it("stands behind that of the server's URL", async () => {
    await using server = await answering([noNetworks]);
    await clientOf(`${server.url}/netmaker/`, { credentials: { masterKey: "k" } }).networks.list();
    expect(server.paths()).toEqual(["/netmaker/api/networks"]);
  });
});

describe("a client", () => {
  it.each(["", "api.example.com", "ftp://api.example.com", "https://user:pw@api.example.com"])(
    "is not made for %j",
    (url) => {
      expect(() => clientOf(url)).toThrow(NetmakerError);
      expect(() => clientOf(url)).toThrow(/\(url\)$/);
    },
  );
});

/** Everything that a log could show of an error. */
function everythingOf(error: NetmakerError): string {
  return [error.message, error.stack, JSON.stringify(error), String(error.cause)].join(" ");
}

/** A port on which nothing listens any more. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
