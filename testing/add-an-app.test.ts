/**
 * One more app, in the list as docs/add-an-app.md says: everything follows from its folder and its line
 * there. The page's code is the fixture's.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";

import { APPS as PROGRAM } from "../apps/index.ts";
import { connections } from "../apps/connections.ts";
import { exemptionsOf } from "../apps/exemptions.ts";
import { SettingsError } from "../config/problems.ts";
import { parse } from "../config/schema.ts";
import { keyOf } from "../lab/images/keys.ts";
import { appImage } from "../lab/images/recipes.ts";
import { wantedImages } from "../lab/images/wanted.ts";
import { namespacesDenyByDefault } from "../policy/isolation.ts";
import { objectsHaveOneOwner } from "../policy/objects.ts";
import { podsFitTheirNamespace } from "../policy/pod-security.ts";
import { policies } from "../policy/policies.ts";
import { violationsOf } from "../policy/policy.ts";
import { program } from "../stacks/program.ts";
import { settingsTable } from "../stacks/settings-table.ts";
import { value, type Registered } from "./engine.ts";
import { APPS } from "./fixtures/apps/index.ts";
import { declareFog, HOST_KEY, SUM, type DeclaredFog } from "./fog.ts";

const FIXTURE = join(import.meta.dirname, "fixtures", "apps");
const PAGE = readFileSync(join(import.meta.dirname, "..", "docs", "add-an-app.md"), "utf8");
const image = `docker.io/fogline/hello@sha256:${SUM}`;
const stack = {
  cloud: { sshFrom: ["203.0.113.7/32"] },
  k3s: { version: "v1.36.3+k3s1", sha256: { arm64: SUM } },
  website: { image },
  database: { image },
  ingress: { image },
};

/** What of the page is the content of files, by their path below `apps/`. */
const shown = [...PAGE.matchAll(/^`apps\/(\S+)`:\n\n```\w+\n([^]*?)^```$/gm)].map(
  ([, path = "", text = ""]) => [path, text] as const,
);

/** A file of the fixture as it stands in `apps/`, two folders nearer to the rest. */
function moved(path: string): string {
  return readFileSync(join(FIXTURE, path), "utf8")
    .replaceAll("../../../../apps/", "../")
    .replaceAll("../../../../config/", "../../config/");
}

describe("the page docs/add-an-app.md", () => {
  it.each(shown)("shows %s as the fixture has it", (path, text) => {
    expect(text).toBe(moved(path));
  });

  it("shows every file that an app needs, and its line in the list", () => {
    expect(shown.map(([path]) => path).sort()).toEqual([
      "hello/component.ts",
      "hello/images.ts",
      "hello/index.ts",
      "hello/pods.ts",
      "hello/service/Dockerfile",
      "hello/settings.ts",
    ]);
    expect(PAGE).toContain('import { hello } from "./hello/index.ts";');
  });
});

describe("an app that is in the list", () => {
  it("has its settings, with their defaults", () => {
    expect(parse(stack, APPS).hello).toEqual({ enabled: false, replicas: 2, greeting: "Hello" });
    expect(() => parse({ ...stack, hello: {} }, PROGRAM)).toThrow(
      "fogline:hello: is not a setting",
    );
  });

  it("has its problems told with all others", () => {
    const wrong = { ...stack, website: {}, hello: { enabled: true, replicas: 5, greting: "Hi" } };
    let found: SettingsError | undefined;
    try {
      parse(wrong, APPS);
    } catch (error) {
      found = error as SettingsError;
    }
    expect(found?.problems.map(({ path, fix }) => [path, fix])).toEqual([
      ["fogline:website.image", expect.any(String)],
      ["fogline:hello.greting", "did you mean greeting?"],
      ["fogline:hello.image", "write build, or name the image by digest"],
      ["fogline:hello.replicas", "ask for one pod on each at most"],
    ]);
  });

  it("has its rows in the table of settings", () => {
    expect(settingsTable(APPS)).toMatch(/\| `hello\.replicas` +\| pods that serve .* \| `2` +\|/);
    expect(settingsTable()).not.toContain("hello");
  });

  it("has its image built by the lab where the settings ask for it, and not elsewhere", async () => {
    const wanted = (hello: object): string[] =>
      wantedImages({ "fogline:hello": hello }, APPS).images.map(({ section }) => section);
    expect(wanted({ enabled: true })).toEqual([
      ...["website", "database", "ingress", "descheduler", "hello"],
    ]);
    expect(wanted({})).toEqual(["website", "database", "ingress", "descheduler"]);
    const recipe = appImage(APPS.hello.images?.image ?? { name: "", context: [] }, {});
    expect(recipe).toMatchObject({ repository: "fogline/hello", bases: { BASE: "node" } });
    expect(await keyOf(recipe)).toMatch(/^[0-9a-f]{32}$/);
  });

  it("has its connections in the table, and needs an app that provides what it needs", () => {
    const cluster = { podRange: "10.42.0.0/16", apiServer: "10.101.0.1" };
    const { pods } = APPS.hello;
    expect(connections(cluster, APPS).filter(({ to }) => to === pods)).toEqual([
      { from: { range: "10.42.0.0/16" }, to: pods, port: 8080, protocol: "TCP" },
    ]);
    expect(() => connections(cluster, { hello: APPS.hello })).toThrow(
      "the app hello needs ingress, which no app provides",
    );
  });
});

describe("a program with one more app", () => {
  let fog: DeclaredFog;

  beforeAll(async () => {
    fog = await declareFog(
      {
        edge: [{ name: "raspberrypi", arch: "amd64", host: "192.0.2.99", hostKey: HOST_KEY }],
        descheduler: { image },
        hello: { enabled: true, image, greeting: "Good morning" },
      },
      () => program(APPS),
    );
  });

  it("declares its component below nothing, and its objects below that", () => {
    const own = fog.registered.filter(({ name }) => name.startsWith("hello"));
    expect(own.map(({ type, name, parent }) => [name, type, parent?.split("::").at(-1)])).toEqual(
      expect.arrayContaining([
        ["hello-namespace", "kubernetes:core/v1:Namespace", undefined],
        ["hello", "fogline:hello:Hello", undefined],
        ["hello-deployment", "kubernetes:apps/v1:Deployment", "hello"],
        ["hello-service", "kubernetes:core/v1:Service", "hello"],
        ["hello-route", "kubernetes:networking.k8s.io/v1:Ingress", "hello"],
        ["hello-policy", "kubernetes:networking.k8s.io/v1:NetworkPolicy", "hello"],
        ["hello-default-deny", "kubernetes:networking.k8s.io/v1:NetworkPolicy", undefined],
      ]),
    );
    expect(own).toHaveLength(7);
  });

  it("claims its namespace, serves it by the ingress, and waits for it", () => {
    expect(fog.one("cluster-claim").inputs["stdin"]).toContain("namespace/hello");
    const traefik = JSON.stringify(fog.one("ingress-controller").inputs);
    expect(traefik).toContain("kubernetesingress.namespaces=website,hello");
    const former = ({ aliases }: Registered): boolean =>
      aliases.some((urn) => /v1:Role::ingress-role-0$/.test(urn));
    expect(former(fog.one("ingress-role-website"))).toBe(true);
    expect(former(fog.one("ingress-role-hello"))).toBe(false);
    expect(fog.one("ingress-check").dependencies).toContain(fog.one("hello-route").urn);
  });

  it("keeps every policy", () => {
    expect(violationsOf(policies(exemptionsOf(APPS)), fog.registered)).toEqual([]);
    expect(namespacesDenyByDefault.check(fog.registered)).toEqual([]);
    expect(podsFitTheirNamespace.check(fog.registered)).toEqual([]);
    expect(objectsHaveOneOwner.check(fog.registered)).toEqual([]);
  });

  it("has its output beside the others", async () => {
    const { helloUrl, websiteUrl } = fog.outputs;
    expect(await value(pulumi.output(helloUrl))).toBe("http://192.0.2.18/hello");
    expect(await value(pulumi.output(websiteUrl))).toBe("http://192.0.2.18/");
  });
});
