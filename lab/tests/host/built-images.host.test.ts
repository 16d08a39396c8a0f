/**
 * Images that the operator's computer builds: the website, and one above 100 MB, in the cluster without
 * anything published. The second time nothing is sent. Then a registry that asks for a login.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { forwarderUrl } from "../../forwarder.ts";
import { RUN } from "../../layout.ts";
import { runInside } from "../../machines/machine.ts";
import { inside } from "../../testing/machines.ts";
import { ask, lab, timing, until } from "../../testing/lab.ts";
import { changeSettings, restoreSettings } from "../../testing/stack-file.ts";
import { encrypted, startPrivateRegistry } from "../../testing/host/private-registry.ts";
import { start, urns } from "../../testing/host/up.ts";

const ADDRESS = "10.43.0.15";
const WITH_HELLO = { "hello.enabled": true, "hello.image": "build", "website.image": "build" };

beforeAll(() => {
  process.env["APPS_LIST"] = "testing/fixtures/large-image/index.ts";
  changeSettings(WITH_HELLO);
});

afterAll(() => {
  delete process.env["APPS_LIST"];
  restoreSettings();
});

/** Brings the stack up; returns what it said. */
async function up(): Promise<string> {
  const { exitCode, said } = await start("up").ended;
  expect(exitCode, said).toBe(0);
  return said;
}

/** Runs a command in the registry's pod. */
function inRegistry(...command: readonly string[]): Promise<string> {
  const pod = ["--namespace=registry", "deployment/registry", "--container=push"];
  return lab("kubectl", "exec", ...pod, "--", ...command);
}

/** Requests by which something was put into the registry, in the order of their arrival. */
async function writes(): Promise<string[]> {
  const log = ["logs", "--namespace=registry", "deployment/registry", "--container=push"];
  const lines = (await lab("kubectl", ...log, "--tail=-1")).split("\n");
  return lines.filter((line) => /"(POST|PUT|PATCH) \/v2\//.test(line));
}

/** Images of an app's pods that run, each once, and the nodes that they run on. */
async function running(app: string): Promise<{ images: string[]; nodes: string[] }> {
  const columns =
    "jsonpath={range .items[*]}{.spec.containers[0].image} {.spec.nodeName}{'\\n'}{end}";
  const args = [
    "get",
    "pods",
    `--namespace=${app}`,
    `--selector=app=${app}`,
    `--output=${columns}`,
  ];
  const lines = (await lab("kubectl", ...args)).trim().split("\n");
  const column = (n: number): string[] => [
    ...new Set(lines.map((line) => line.split(" ")[n] ?? "")),
  ];
  return { images: column(0), nodes: column(1).sort() };
}

describe("images that are built from a checkout", () => {
  it("come into the cluster without anything published", async () => {
    const since = Date.now();
    await up();
    timing("up that builds two images, one above 100 MB", since);
    for (const app of ["website", "hello"]) {
      const { images } = await running(app);
      expect(images).toEqual([
        expect.stringMatching(`^images\\.fogline\\.internal/${app}@sha256:[0-9a-f]{64}$`),
      ]);
    }
    const status = await lab("status");
    expect(status).toMatch(/^hello +2 of 2 pods run +http:\S+\/hello$/m);
    expect(status).toMatch(/^ {2}images\.fogline\.internal\/website +\d+\.\d MB/m);
    expect(status).toMatch(/^ {2}images\.fogline\.internal\/hello +[1-9]\d\d\.\d MB$/m);
    const [kilobytes = ""] = (await inRegistry("du", "-s", "/var/lib/registry")).split("\t");
    expect(Number(kilobytes)).toBeGreaterThan(120_000);
  });

  it("are pulled over the overlay by nodes of cloud and edge, and serve", async () => {
    expect((await running("website")).nodes).toEqual(["raspberrypi", "workernode"]);
    const site = forwarderUrl() ?? "";
    const greeting = await until("the greeting", async () => {
      const { status, body } = await ask(new URL("/hello", site).href);
      return status === 200 ? body : undefined;
    });
    expect(greeting).toBe("Hello\n");
    expect((await ask(site)).body).toContain("favourite animal");
  });

  it("are not sent again: the second up sends nothing, nor does one that rolls their pods", async () => {
    const before = await writes();
    expect(before.length).toBeGreaterThan(8);
    expect(await up()).toMatch(/^resources: \d+ unchanged$/m);
    expect(await writes()).toEqual(before);
    const [image] = (await running("hello")).images;
    changeSettings({ ...WITH_HELLO, "hello.greeting": "Good morning" });
    await up();
    expect(await writes()).toEqual(before);
    expect((await running("hello")).images).toEqual([image]);
  });

  it("are read by nodes, and written by nobody on the network", async () => {
    const asked = await inside(
      "raspberrypi",
      `curl -s -o /dev/null -w '%{http_code} ' http://${ADDRESS}:5000/v2/website/tags/list
       curl -s -o /dev/null -w '%{http_code}' -X POST http://${ADDRESS}:5000/v2/website/blobs/uploads/`,
    );
    expect(asked).toBe("200 405");
    const pod = [
      "get",
      "pods",
      "--namespace=registry",
      "--output=jsonpath={.items[0].status.podIP}",
    ];
    const address = await lab("kubectl", ...pod);
    const refused = `curl -s --max-time 5 http://${address}:5001/v2/ && echo open || echo closed`;
    expect((await inside("WorkerNode", refused)).trim()).toBe("closed");
  });

  it("are pulled from a private registry by who has its login, which nobody else is told", async () => {
    await using registry = await startPrivateRegistry();
    const { name, ca, username, password } = registry;
    const own = "jsonpath={.spec.template.spec.containers[0].image}";
    const database = ["get", "statefulset/database", "--namespace=website", `--output=${own}`];
    const image = (await lab("kubectl", ...database)).replace("docker.io", name);
    const pull = `k3s crictl pull ${image}`;
    const run = "jsonpath={.metadata.uid} {.status.containerStatuses[0].restartCount}";
    const pod = ["get", "pod/database-0", "--namespace=website", `--output=${run}`];
    expect((await runInside("raspberrypi", pull)).exitCode).not.toBe(0);

    const keys = ["fogline:k3s", "registries", name, "password"];
    const secret = await encrypted(`fogline:k3s.registries["${name}"].password`, keys, password);
    expect(secret).toMatchObject({ secure: expect.stringMatching(/^v1:/) as unknown });
    const login = { [name]: { username, password: secret, ca } };
    const before = await lab("kubectl", ...pod);
    changeSettings({ ...WITH_HELLO, "k3s.registries": login });
    const said = await up();
    expect(said).not.toContain(password);
    // K3s starts anew for a login, pods do not.
    expect(await lab("kubectl", ...pod)).toBe(before);

    for (const node of ["WorkerNode", "raspberrypi"]) {
      await inside(node, pull);
      expect(await inside(node, "stat -c %a /etc/rancher/k3s/registries.yaml")).toMatch(/^600/);
      const logged = await inside(node, "journalctl -u k3s-agent --no-pager");
      expect(logged.includes(password), `the journal of ${node}`).toBe(false);
    }
    expect(registry.log()).toMatch(/"HEAD \/v2\/\S+\/manifests\/\S+ HTTP\/[\d.]+" 401/);
    expect(registry.log()).toMatch(/"HEAD \/v2\/\S+\/manifests\/\S+ HTTP\/[\d.]+" 200/);
    const state = readFileSync(
      join(RUN, "state", ".pulumi", "stacks", "fogline", "lab.json"),
      "utf8",
    );
    expect(state.includes(password), "the state").toBe(false);
    expect((await start("preview").ended).said).not.toContain(password);

    // Another login is none.
    const wrong = await encrypted(`fogline:k3s.registries["${name}"].password`, keys, "wrong");
    changeSettings({
      ...WITH_HELLO,
      "k3s.registries": { [name]: { username, ca, password: wrong } },
    });
    await up();
    const refused = await runInside("raspberrypi", pull);
    expect(refused.exitCode).not.toBe(0);
    expect(refused.stderr).toMatch(/401|[Uu]nauthorized/);
  });

  it("go with their setting, and the registry with them", async () => {
    delete process.env["APPS_LIST"];
    restoreSettings();
    await up();
    expect(await lab("kubectl", "get", "namespaces", "--output=name")).not.toMatch(
      /registry|hello/,
    );
    expect(urns().filter((urn) => urn.includes("registry"))).toEqual([]);
    expect(await inside("raspberrypi", "cat /etc/rancher/k3s/registries.yaml")).not.toContain(
      "images.fogline.internal",
    );
    const left =
      "ls /etc/rancher/k3s/registries/*.pem /etc/rancher/k3s/registries.yaml 2>/dev/null || true";
    expect(await inside("raspberrypi", left)).toBe("/etc/rancher/k3s/registries.yaml");
    expect((await ask(forwarderUrl() ?? "")).status).toBe(200);
  });
});
