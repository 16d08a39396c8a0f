import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { Internet } from "../lab/testing/internet.ts";
import { behindToken, sha256, type RegistryFlaws } from "../lab/testing/registry.ts";
import { parseRef, withDigest, type ImageRef } from "../lab/toolchain/image-registry.ts";
import { PinError } from "./error.ts";
import type { Registries } from "./registry.ts";
import { asPinError } from "./releases.ts";
import { clientsOf, putImage } from "./testing/hosts.ts";

let internet: Internet;
let registries: Registries;

beforeAll(async () => {
  internet = await Internet.start();
  ({ registries } = clientsOf(internet));
});

afterAll(async () => {
  await internet[Symbol.asyncDispose]();
});

function ref(text: string): ImageRef {
  const parsed = parseRef(text);
  if (parsed === undefined) {
    throw new Error(`${text} is no reference`);
  }
  return parsed;
}

async function refused(text: string, archs: readonly string[] = ["amd64"]): Promise<PinError> {
  try {
    await registries.pin(ref(text), archs);
  } catch (error) {
    return asPinError(error);
  }
  throw new Error("nothing was refused");
}

describe("a reference to an image", () => {
  const digest = `sha256:${"a".repeat(64)}`;

  it.each([
    ["docker.io/library/traefik:v3.7", "docker.io", "library/traefik", "v3.7", undefined],
    [`ghcr.io/a/b/c@${digest}`, "ghcr.io", "a/b/c", undefined, digest],
    [`localhost:5000/x:1@${digest}`, "localhost:5000", "x", "1", digest],
  ])("is taken apart: %s", (text, registry, repository, tag, found) => {
    expect(parseRef(text)).toEqual({ registry, repository, tag, digest: found });
  });

  it.each(["build", "postgres:17", "library/traefik:v3.7", "docker.io/x@sha256:12", "", "a b"])(
    "is no text like %j",
    (text) => {
      expect(parseRef(text)).toBeUndefined();
    },
  );

  it("keeps its tag for the reader when its digest changes", () => {
    const text = `docker.io/library/traefik:v3.7@sha256:${"0".repeat(64)}`;
    expect(withDigest(ref(text), digest)).toBe(`docker.io/library/traefik:v3.7@${digest}`);
  });
});

describe("an image's digest", () => {
  it.each([
    ["docker.io/library/traefik:v3.7", "registry-1.docker.io", "library/traefik", "v3.7"],
    ["ghcr.io/headlamp-k8s/headlamp:v0.45.0", "ghcr.io", "headlamp-k8s/headlamp", "v0.45.0"],
  ])("is asked of the registry with a token for anybody: %s", async (text, host, name, tag) => {
    const digest = putImage(internet, host, name, tag);
    const { value, source } = await registries.pin(ref(text), ["amd64", "arm64"]);
    expect(value).toBe(digest);
    expect(source).toBe(`${host}, for amd64, arm64`);
    const [first] = internet.asked.filter(({ url }) => url.includes(`${name}/manifests`));
    expect(first?.headers.accept).toContain("application/vnd.oci.image.index.v1+json");
  });

  it("is asked without a token where the registry wants none, behind a redirect", async () => {
    const name = "descheduler/descheduler";
    const to = `https://europe-docker.pkg.dev/v2/k8s/${name}/manifests/v0.36.0`;
    const platform = { os: "linux", architecture: "arm64" };
    const manifests = [{ digest: `sha256:${sha256("arm64")}`, platform }];
    const body = JSON.stringify({ schemaVersion: 2, manifests });
    internet.redirect(`https://registry.k8s.io/v2/${name}/manifests/v0.36.0`, to, 307);
    internet.file(to, body);
    const { value } = await registries.pin(ref(`registry.k8s.io/${name}:v0.36.0`), ["arm64"]);
    expect(value).toBe(`sha256:${sha256(body)}`);
  });

  it("is asked once, however often the image stands in a stack", async () => {
    putImage(internet, "ghcr.io", "o/once", "1");
    const pins = [1, 2, 3].map(() => registries.pin(ref("ghcr.io/o/once:1"), ["amd64"]));
    expect(new Set((await Promise.all(pins)).map(({ value }) => value)).size).toBe(1);
    expect(internet.asked.filter(({ url }) => url.endsWith("o/once/manifests/1"))).toHaveLength(2);
  });

  it("may be one of a single architecture, which its configuration names", async () => {
    const config = JSON.stringify({ os: "linux", architecture: "arm64" });
    const blob = `sha256:${sha256(config)}`;
    const body = JSON.stringify({ schemaVersion: 2, config: { digest: blob }, layers: [] });
    behindToken(internet, "ghcr.io", "o/single", "manifests/1", body);
    behindToken(internet, "ghcr.io", "o/single", `blobs/${blob}`, config);
    const image = ref("ghcr.io/o/single:1");
    expect((await registries.pin(image, ["arm64"])).value).toBe(`sha256:${sha256(body)}`);
    expect((await refused("ghcr.io/o/single:1")).message).toMatch(/for arm64, and not for amd64/);
  });
});

describe("an image's digest is refused, with the address,", () => {
  it.each<[string, RegistryFlaws, RegExp]>([
    [
      "when the header is forged",
      { digest: `sha256:${"f".repeat(64)}` },
      /says sha256:ff.*sends is/,
    ],
    ["when an architecture is missing", { platforms: ["linux/arm64"] }, /arm64, and not for amd64/],
    ["when it is for Windows alone", { platforms: ["windows/amd64"] }, /nothing on Linux/],
    ["when it is private", { closed: true }, /without an account/],
  ])("%s", async (name, flaws, message) => {
    const repository = `o/${name.toLowerCase().replaceAll(" ", "-")}`;
    putImage(internet, "ghcr.io", repository, "1", flaws);
    const error = await refused(`ghcr.io/${repository}:1`);
    expect(error.message).toMatch(message);
    expect(error.url).toMatch(/^https:\/\/(auth\.)?ghcr\.io\//);
    expect(error.fix).not.toBe("");
  });

  const at = (name: string): string => `https://quay.io/v2/o/${name}/manifests/1`;

  it.each<[string, (url: string) => Internet, RegExp]>([
    ["gone", (url) => internet.status(url, 404), /no such image or tag/],
    ["limited", (url) => internet.status(url, 429), /limits requests/],
    ["broken", (url) => internet.status(url, 500), /answers 500/],
    ["basic", (url) => internet.status(url, 401), /without an account/],
    ["cut", (url) => internet.cutOff(url, '{"mani', 400), /cut off/],
    ["page", (url) => internet.file(url, "<html>"), /no JSON/],
    [
      "schema1",
      (url) => internet.file(url, '{"schemaVersion":1}'),
      /neither an image nor an index/,
    ],
  ])("when the registry's answer is wrong: %s", async (name, put, message) => {
    put(at(name));
    const error = await refused(`quay.io/o/${name}:1`);
    expect(error.message).toMatch(message);
    expect(error.message).toContain(at(name));
  });

  it("when the configuration was changed on its way", async () => {
    const blob = `sha256:${sha256("true")}`;
    const body = JSON.stringify({ schemaVersion: 2, config: { digest: blob } });
    internet.file(at("changed"), body).file(`https://quay.io/v2/o/changed/blobs/${blob}`, "false");
    expect((await refused("quay.io/o/changed:1")).message).toMatch(/has another digest/);
  });

  it("when the token is asked for without encryption, or there is none", async () => {
    const challenge = (realm: string) => ({ "WWW-Authenticate": `Bearer realm="${realm}"` });
    internet.on(at("plain"), (response) =>
      response.writeHead(401, challenge("http://auth.test/token")).end(),
    );
    expect((await refused("quay.io/o/plain:1")).message).toMatch(/not encrypted/);
    internet
      .on(at("empty"), (response) => response.writeHead(401, challenge("https://auth.test/")).end())
      .file("https://auth.test/?service=&scope=repository%3Ao%2Fempty%3Apull", "{}");
    expect((await refused("quay.io/o/empty:1")).message).toMatch(/holds no token/);
  });

  it("when it has no tag to be looked up by", async () => {
    const text = `ghcr.io/o/r@sha256:${"a".repeat(64)}`;
    expect((await refused(text)).message).toMatch(/ghcr.io\/o\/r has no tag/);
  });
});
