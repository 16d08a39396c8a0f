import { beforeEach, describe, expect, it } from "vitest";

import { install, login, machine, OLD, server, serverState } from "./testing/installation.ts";
import { EXPIRED, k3s, type Ran } from "./testing/machine.ts";

const CERTIFICATE = "var/lib/rancher/k3s/agent/client-kubelet.crt";

/** Names of files with their texts, as an installation is given authorities. */
function authorities(files: Readonly<Record<string, string>>): string {
  return Object.entries(files)
    .map(([name, text]) => `${name} ${Buffer.from(text).toString("base64")}\n`)
    .join("");
}

describe("image registries", () => {
  it("are told in files for root alone, and their passwords nowhere else", async () => {
    const { code, stdout, stderr } = await install({
      REGISTRIES: login("hush-hush"),
      AUTHORITIES: authorities({ "a.pem": "one\n", "b_5000.pem": "two\n" }),
    });
    expect([code, stdout]).toEqual([0, ""]);
    expect(machine.read("etc/rancher/k3s/registries.yaml")).toBe(login("hush-hush"));
    expect(machine.read("etc/rancher/k3s/registries/a.pem")).toBe("one\n");
    for (const file of ["registries.yaml", "registries/a.pem", "registries/b_5000.pem"]) {
      expect(machine.mode(`etc/rancher/k3s/${file}`)).toBe(0o600);
    }
    expect([stderr, ...machine.calls()].join("\n")).not.toContain("hush-hush");
  });

  it("change their password with a start of K3s, and their authority without one", async () => {
    const both = (password: string, ca: string): Promise<Ran> =>
      install({ REGISTRIES: login(password), AUTHORITIES: authorities({ "a.pem": ca }) });
    await both("old", "one\n");
    machine.calls();
    await both("old", "two\n");
    expect(machine.starts()).toBe(0);
    expect(machine.read("etc/rancher/k3s/registries/a.pem")).toBe("two\n");
    await both("new", "two\n");
    expect(machine.starts()).toBe(1);
  });

  it("leave nothing when they are taken out", async () => {
    const AUTHORITIES = authorities({ "a.pem": "one\n", "b.pem": "two\n" });
    await install({ REGISTRIES: login("s3"), AUTHORITIES });
    await install({ REGISTRIES: login("s3"), AUTHORITIES: authorities({ "b.pem": "two\n" }) });
    expect(machine.has("etc/rancher/k3s/registries/a.pem")).toBe(false);
    expect(machine.has("etc/rancher/k3s/registries/b.pem")).toBe(true);
    await install();
    expect(machine.has("etc/rancher/k3s/registries/b.pem")).toBe(false);
    expect(machine.has("etc/rancher/k3s/registries.yaml")).toBe(false);
  });
});

describe("what K3s starts with", () => {
  /** What a machine's unit notes, but for its folder. */
  const noted = (): string =>
    machine
      .read("run/fogline-k3s-inputs")
      .replaceAll(machine.root, "")
      .replaceAll(/^[0-9a-f]{64} {2}/gm, "");

  it("is noted in a form that stays: another one would start every node anew", async () => {
    await install({ REGISTRIES: "mirrors: {}\n" });
    expect(noted()).toMatch(
      /^\/usr\/local\/lib\/fogline\/k3s-[0-9a-f]{64}\n\/etc\/systemd\/system\/k3s-agent\.service\n/,
    );
    const [, , ...files] = noted().trim().split("\n");
    expect(files).toEqual(
      ["config.yaml", "flannel.json", "registries.yaml", "token"].map(
        (name) => `/etc/rancher/k3s/${name}`,
      ),
    );
  });
});

describe("a certificate that has ended", () => {
  const ADMIN = "var/lib/rancher/k3s/server/tls/client-admin.crt";
  /** As K3s: renews at its start what has ended, and answers nobody before. */
  const renewing = k3s(OLD)
    .replace("started)", `started) cp "$ROOT/renewed.crt" "$ROOT/${ADMIN}"`)
    .replace(
      'case "$*" in',
      `case "$*" in
  *kubectl*) openssl x509 -in "$ROOT/${ADMIN}" -noout -checkend 0 >/dev/null || {
      echo "tls: failed to verify certificate: x509: certificate has expired or is not yet valid" >&2
      exit 1
    } ;;
esac
case "$*" in`,
    );

  it("is renewed by the next up, although the server answers nobody until then", async () => {
    serverState("own");
    machine.certificate("renewed.crt", 365);
    machine.write(ADMIN, machine.read("renewed.crt"));
    await install(server(), { program: renewing });
    machine.write(ADMIN, EXPIRED);
    machine.calls();
    // The step runs again, as another period has begun.
    const { code, stderr } = await install(server({ RENEWAL: "2" }), { program: renewing });
    expect([code, stderr]).toEqual([0, expect.stringContaining("its certificates end soon")]);
    expect(machine.starts()).toBe(1);
    expect(machine.read(ADMIN)).toBe(machine.read("renewed.crt"));
  });

  it("is renewed on an agent as well", async () => {
    await install();
    machine.write(CERTIFICATE, EXPIRED);
    machine.calls();
    expect(await install({ RENEWAL: "2" })).toMatchObject({ code: 0 });
    expect(machine.starts()).toBe(1);
  });
});

describe("a running cluster", () => {
  beforeEach(async () => {
    serverState("own");
    await install(server());
  });

  it.each([
    ["pod range", { CONFIG: "cluster-cidr: 10.52.0.0/16\nservice-cidr: 10.43.0.0/16\n" }, OLD],
    ["service range", { CONFIG: "cluster-cidr: 10.42.0.0/16\nservice-cidr: 10.53.0.0/16\n" }, OLD],
    ["minor version that is older", {}, "v1.35.9+k3s1"],
    ["minor version after the next", {}, "v1.38.0+k3s1"],
  ])("refuses another %s before anything is changed", async (_what, values, version) => {
    const before = machine.snapshot();
    const { code, stderr } = await install(server(values), { version });
    expect(code).toBe(1);
    expect(stderr).toMatch(/fogline:k3s\.(podRange|serviceRange|version): .*[Ss]et it/);
    expect(machine.snapshot()).toBe(before);
  });

  it("names every problem at once", async () => {
    const both = { CONFIG: "cluster-cidr: 10.52.0.0/16\nservice-cidr: 10.53.0.0/16\n" };
    const { stderr } = await install(server(both), { version: "v1.35.0+k3s1" });
    expect(stderr.match(/fogline:k3s\.\w+/g)).toEqual([
      "fogline:k3s.podRange",
      "fogline:k3s.serviceRange",
      "fogline:k3s.version",
    ]);
  });

  it.each(["v1.36.2+k3s1", "v1.36.9+k3s2", "v1.37.0+k3s1"])("takes %s", async (version) => {
    expect(await install(server(), { version })).toMatchObject({ code: 0 });
  });
});

describe("the server's token", () => {
  it("is replaced where agents know it, and the agents' stays", async () => {
    serverState("agents");
    machine.write("etc/rancher/k3s/token", "agents\n");
    const { code, stdout } = await install(server());
    expect([code, stdout]).toEqual([0, "K10aa::node:agents\nsecrets: readable\nkind: Config\n"]);
    expect(machine.calls()).toContain("k3s token rotate");
    expect(machine.has("etc/rancher/k3s/token")).toBe(false);
    expect(machine.read("etc/rancher/k3s/agent-token")).toBe("agents\n");
    await install(server());
    expect(machine.calls()).not.toContain("k3s token rotate");
  });

  it("stays where it is the server's alone", async () => {
    serverState("own");
    await install(server());
    expect(machine.calls()).not.toContain("k3s token rotate");
  });
});

describe("what may start pods for everybody", () => {
  it("runs on the server alone", async () => {
    serverState("own");
    await install(server());
    expect(machine.calls()).toContainEqual(
      expect.stringMatching(
        /patch deployment local-path-provisioner .*"nodeSelector":\{"node-role.kubernetes.io\/control-plane":"true"\}/,
      ),
    );
  });
});

describe("a name that the cluster keeps for another machine", () => {
  const journal =
    "Waiting to retrieve agent configuration; server is not ready: Node password rejected\n";

  it("ends the wait at once, with what frees it", async () => {
    machine.journal(journal);
    const { code, stderr } = await install({}, { ready: false });
    expect(code).toBe(1);
    expect(stderr).toContain("the cluster keeps the name raspberrypi for a machine");
    expect(stderr).toContain(
      "k3s kubectl delete secret -n kube-system raspberrypi.node-password.k3s",
    );
  });
});
