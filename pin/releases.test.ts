import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { Internet } from "../lab/testing/internet.ts";
import { sha256 } from "../lab/testing/registry.ts";
import { Web } from "../lab/toolchain/web.ts";
import { PinError } from "./error.ts";
import { asPinError, Releases, type ReleaseFile } from "./releases.ts";
import { checksumsOf, clientsOf, githubRelease, type Hosts } from "./testing/hosts.ts";
import { SIGNER } from "./testing/signing.ts";

const GITHUB = "https://github.com";
let internet: Internet;
let hosts: Hosts;

beforeAll(async () => {
  internet = await Internet.start();
  hosts = clientsOf(internet);
});

afterAll(async () => {
  await internet[Symbol.asyncDispose]();
});

/** The error that a file's pin ends with. */
async function refused(file: ReleaseFile): Promise<PinError> {
  try {
    await new Releases(new Web(internet.fetch), hosts.sigstore.root).pin(file);
  } catch (error) {
    return asPinError(error);
  }
  throw new Error("nothing was refused");
}

describe("the sum of a release's file", () => {
  it("is that of the release's checksums, behind GitHub's redirect, fetched once for all files", async () => {
    const folder = `${GITHUB}/traefik/traefik/releases/download/v3.7.15`;
    const checksums = `${folder}/traefik_v3.7.15_checksums.txt`;
    const files = ["traefik_v3.7.15_linux_amd64.tar.gz", "traefik_v3.7.15_linux_arm64.tar.gz"];
    const asset = "https://release-assets.githubusercontent.com/github-production/1?sig=x";
    internet.redirect(checksums, asset).file(asset, checksumsOf(...files));
    for (const name of files) {
      const { value, source } = await hosts.releases.pin({ url: `${folder}/${name}`, checksums });
      expect(value).toBe(sha256(name));
      expect(source).toContain("not signed");
    }
    expect(internet.asked.filter(({ url }) => url === checksums)).toHaveLength(1);
  });

  it("is found under the name that the address has in its escaped form", async () => {
    const folder = `${GITHUB}/k3s-io/k3s/releases/download/v1.36.3%2Bk3s1`;
    const checksums = `${folder}/sha256sum-arm64.txt`;
    internet.file(checksums, checksumsOf("k3s-airgap-images-arm64.tar.gz", "k3s-arm64", "a+b"));
    const pin = (name: string): Promise<{ value: string }> =>
      hosts.releases.pin({ url: `${folder}/${name}`, checksums });
    expect((await pin("k3s-arm64")).value).toBe(sha256("k3s-arm64"));
    expect((await pin("a%2Bb")).value).toBe(sha256("a+b"));
  });

  it("may stand alone beside the file, as Kubernetes publishes it", async () => {
    const url = "https://dl.k8s.io/release/v1.37.2/bin/linux/amd64/kubectl";
    internet.file(`${url}.sha256`, sha256("kubectl"));
    const pin = await hosts.releases.pin({ url, checksums: `${url}.sha256` });
    expect(pin.value).toBe(sha256("kubectl"));
  });

  it("is vouched for by who signed the checksums", async () => {
    const folder = `${GITHUB}/pulumi/pulumi/releases/download/v3.250.0`;
    const checksums = `${folder}/pulumi-3.250.0-checksums.txt`;
    const name = "pulumi-v3.250.0-linux-x64.tar.gz";
    const text = checksumsOf(name);
    internet
      .file(checksums, text)
      .file(`${checksums}.sig`, hosts.sigstore.bundle(Buffer.from(text)));
    const url = `https://get.pulumi.com/releases/sdk/${name}`;
    const { value, source } = await hosts.releases.pin({ url, checksums, signer: SIGNER });
    expect(value).toBe(sha256(name));
    expect(source).toContain("/pulumi/pulumi/.github/workflows/sign.yml@refs/heads/master");
  });

  it("is GitHub's record of the upload where the project publishes none", async () => {
    const url = `${GITHUB}/gravitl/netclient/releases/download/v1.5.1/netclient-linux-arm64`;
    internet.file(
      "https://api.github.com/repos/gravitl/netclient/releases/tags/v1.5.1",
      githubRelease({ "netclient-linux-arm64": `sha256:${sha256("netclient")}` }),
    );
    const { value, source } = await hosts.releases.pin({ url });
    expect(value).toBe(sha256("netclient"));
    expect(source).toMatch(/GitHub's record .*first use.*publishes no checksums/);
  });

  it.each([
    ["has no record of it", (at: string) => internet.file(at, githubRelease({ tool: null }))],
    ["answers no more requests", (at: string) => internet.status(at, 403)],
  ])("is that of the file itself where GitHub %s", async (name, put) => {
    const tag = encodeURIComponent(name);
    const url = `${GITHUB}/o/r/releases/download/${tag}/tool`;
    put(`https://api.github.com/repos/o/r/releases/tags/${tag}`);
    internet.file(url, "the program");
    const { value, source } = await hosts.releases.pin({ url });
    expect(value).toBe(sha256("the program"));
    expect(source).toMatch(/the file itself, downloaded.*first use/);
  });

  it("is not one of SHA-1, as some plugins' checksums are", async () => {
    const folder = `${GITHUB}/pulumi/pulumi-random/releases/download/v4.21.2`;
    const checksums = `${folder}/pulumi-random_4.21.2_checksums.txt`;
    const name = "pulumi-resource-random-v4.21.2-linux-amd64.tar.gz";
    internet
      .file(checksums, `${"c".repeat(40)}  ./${name}\n`)
      .file(
        "https://api.github.com/repos/pulumi/pulumi-random/releases/tags/v4.21.2",
        githubRelease({ [name]: `sha256:${sha256(name)}` }),
      );
    const { value, source } = await hosts.releases.pin({ url: `${folder}/${name}`, checksums });
    expect(value).toBe(sha256(name));
    expect(source).toMatch(/SHA-1/);
  });
});

describe("the sum of a release's file is refused, with the address,", () => {
  const folder = `${GITHUB}/o/r/releases/download/v1`;
  const url = `${folder}/tool`;

  it.each<[string, (at: string) => Internet, RegExp]>([
    ["when the checksums are gone", (at) => internet.status(at, 404), /answers 404/],
    [
      "when they are cut off",
      (at) => internet.cutOff(at, checksumsOf("tool").slice(0, 20), 66),
      /cut off/,
    ],
    ["when the file is not among them", (at) => internet.file(at, checksumsOf("x")), /no line for/],
    [
      "when it is twice",
      (at) => internet.file(at, `${checksumsOf("tool")}${sha256("evil")}  tool\n`),
      /2 lines for tool/,
    ],
    ["when its sum is too short", (at) => internet.file(at, "abc123  tool\n"), /6 hex digits/],
    ["when a page is in its place", (at) => internet.file(at, "<html>Sign in</html>"), /no line/],
  ])("%s", async (name, put, message) => {
    const checksums = `${folder}/${encodeURIComponent(name)}.txt`;
    put(checksums);
    const error = await refused({ url, checksums });
    expect(error.message).toMatch(message);
    expect(error.url).toBe(checksums);
    expect(error.fix).not.toBe("");
  });

  it.each<[string, (text: string) => string, RegExp]>([
    ["missing", () => "", /no bundle/],
    ["of other checksums", () => hosts.sigstore.bundle(Buffer.from("x")), /another content/],
    [
      "of somebody else",
      (text) => hosts.sigstore.bundle(Buffer.from(text), { identity: "https://evil.test/" }),
      /is by https:\/\/evil.test/,
    ],
  ])("when the signature of its checksums is %s", async (name, bundle, message) => {
    const checksums = `${folder}/${encodeURIComponent(name)}.txt`;
    internet
      .file(checksums, checksumsOf("tool"))
      .file(`${checksums}.sig`, bundle(checksumsOf("tool")));
    const error = await refused({ url, checksums, signer: SIGNER });
    expect(error.message).toMatch(message);
    expect(error.url).toBe(`${checksums}.sig`);
  });

  it("when there is no such release, or the release has no such file", async () => {
    const api = "https://api.github.com/repos/o/none/releases/tags/v9";
    const none = { url: `${GITHUB}/o/none/releases/download/v9/tool` };
    expect((await refused(none)).message).toContain(`${api}: there is no such release`);
    internet.file(api, githubRelease({ other: null }));
    expect((await refused(none)).message).toContain("the release has no file tool");
  });
});
