import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { Internet } from "../testing/internet.ts";
import { RefusedError, Web, WebError } from "./web.ts";

let internet: Internet;
let web: Web;

beforeAll(async () => {
  internet = await Internet.start();
  web = new Web(internet.fetch, { answer: 60_000, silence: 60_000 });
});

afterAll(async () => {
  await internet[Symbol.asyncDispose]();
});

/** A client that gives up at once. */
const hasty = (): Web => new Web(internet.fetch, { answer: 50, silence: 50 });

/** One whose requests fail as Node's do without a network. */
function failing(code: string): Web {
  const cause = Object.assign(new Error(`getaddrinfo ${code}`), { code });
  return new Web(() => Promise.reject(new TypeError("fetch failed", { cause })));
}

describe("a request", () => {
  it("gets the whole of a file through redirects, each by its own host", async () => {
    internet
      .redirect("https://github.test/a", "https://objects.test/b?sig=1")
      .redirect("https://objects.test/b?sig=1", "/c", 307)
      .file("https://objects.test/c", "content");
    expect(await web.text("https://github.test/a")).toBe("content");
  });

  it("shows its token to the first host alone", async () => {
    internet.redirect("https://r.test/v2/", "https://cdn.test/x").file("https://cdn.test/x", "");
    await web.get("https://r.test/v2/", { authorization: "Bearer t" });
    const seen = internet.asked.slice(-2).map(({ url, headers }) => [url, headers.authorization]);
    expect(seen).toEqual([
      ["https://r.test/v2/", "Bearer t"],
      ["https://cdn.test/x", undefined],
    ]);
  });

  it("tells the status that it is refused with, and what is wanted instead", async () => {
    internet.on("https://r.test/secret", (response) =>
      response.writeHead(401, { "WWW-Authenticate": 'Bearer realm="x"' }).end("no"),
    );
    for (const attempt of ["text", "download"] as const) {
      const error: unknown = await web[attempt]("https://r.test/secret").catch((e: unknown) => e);
      expect(error).toBeInstanceOf(RefusedError);
      expect(error).toMatchObject({ status: 401, challenge: 'Bearer realm="x"' });
    }
  });

  it("takes what its receiver cannot keep for no fault of the connection", async () => {
    internet.file("https://a.test/full", "content");
    const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    const download = web.download("https://a.test/full", () => Promise.reject(full));
    await expect(download).rejects.toBe(full);
  });

  it("asks for nothing packed, as sums are those of the file itself", async () => {
    internet.file("https://a.test/plain", "x");
    await web.text("https://a.test/plain");
    expect(internet.asked.at(-1)?.headers["accept-encoding"]).toBe("identity");
  });

  it.each<[string, (at: string) => Internet, RegExp, RegExp]>([
    ["is not there", (at) => internet.status(at, 404), /answers 404/, /check version and address/],
    ["is asked for too often", (at) => internet.status(at, 429), /answers 429/, /wait/],
    ["fails at the server", (at) => internet.status(at, 503), /answers 503/, /again/],
    ["is cut off", (at) => internet.cutOff(at, "abc", 100), /cut off after 3/, /again/],
    [
      "leads out of encryption",
      (at) => internet.redirect(at, "http://plain.test/f"),
      /leads to http:\/\/plain.test\/f, which is not encrypted/,
      /do not use/,
    ],
    ["leads in circles", (at) => internet.redirect(at, at), /redirected more than 5/, /address/],
  ])("is refused with address, problem and fix when the file %s", async (name, put, what, fix) => {
    const url = `https://bad.test/${encodeURIComponent(name)}`;
    put(url);
    for (const attempt of [() => web.text(url), () => web.download(url)]) {
      const error: unknown = await attempt().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(WebError);
      const { message, fix: said } = error as WebError;
      expect(message).toContain(url);
      expect(message).toMatch(what);
      expect(said).toMatch(fix);
    }
  });

  it("is not tried again", async () => {
    internet.status("https://once.test/", 503);
    await expect(web.text("https://once.test/")).rejects.toThrow("503");
    expect(internet.asked.filter(({ url }) => url === "https://once.test/")).toHaveLength(1);
  });

  it("ends when a host is silent, before the answer or within it", async () => {
    internet.hang("https://silent.test/1").hang("https://silent.test/2", "half");
    await expect(hasty().text("https://silent.test/1")).rejects.toThrow(/does not answer/);
    const patient = new Web(internet.fetch, { answer: 60_000, silence: 50 });
    await expect(patient.download("https://silent.test/2")).rejects.toThrow(/has stopped sending/);
  });

  it("reads no more than 4 MiB of what should be small", async () => {
    internet.file("https://large.test/", Buffer.alloc(4 * 1024 * 1024 + 1));
    await expect(web.text("https://large.test/")).rejects.toThrow(/larger than 4194304 bytes/);
  });

  it.each([
    ["ENOTFOUND", /the name github.com cannot be resolved/, /connected to the internet/],
    ["EAI_AGAIN", /the name github.com cannot be resolved/, /connected to the internet/],
    ["ENETUNREACH", /github.com cannot be reached \(ENETUNREACH\)/, /again/],
    ["SELF_SIGNED_CERT_IN_CHAIN", /no valid certificate/, /NODE_EXTRA_CA_CERTS/],
  ])("says what a network without way means: %s", async (code, message, fix) => {
    const error: unknown = await failing(code)
      .text("https://github.com/k3s")
      .catch((thrown: unknown) => thrown);
    expect((error as WebError).message).toMatch(message);
    expect((error as WebError).fix).toMatch(fix);
  });

  it("passes a large file on in parts, with its size, and knows its sum", async () => {
    internet.file("https://big.test/", Buffer.alloc(300_000, 7));
    let [size, total] = [0, 0];
    const sum = await web.download("https://big.test/", (chunk, all) => {
      size += chunk.length;
      total = all ?? 0;
    });
    expect([size, total]).toEqual([300_000, 300_000]);
    expect(sum).toBe("08f166476de183f7a1b2874d544d37912aaf8d19b92013e1aafe233ba231024a");
  });
});
