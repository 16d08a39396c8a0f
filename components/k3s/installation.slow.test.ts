import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { timersOf } from "../../config/failover.ts";
import { hardeningValues } from "./hardening.ts";
import { INSTALL_SCRIPT } from "./scripts.ts";
import { EXPIRED, FakeMachine, k3s, type Ran } from "./testing/machine.ts";
import { SETTINGS } from "./testing/settings.ts";
import { unitValues } from "./units.ts";

const OLD = "v1.36.3+k3s1";
const CERTIFICATE = "var/lib/rancher/k3s/agent/client-kubelet.crt";
let machine: FakeMachine;

beforeEach(() => {
  machine = new FakeMachine();
});

afterEach(() => {
  machine.remove();
});

/** Installs a version with a configuration. */
function install(
  values: Readonly<Record<string, string>> = {},
  options: {
    readonly version?: string;
    readonly deaf?: boolean;
    readonly ready?: boolean;
    /** What is installed; default a K3s of the version. */
    readonly program?: string;
  } = {},
): Promise<Ran> {
  const { version = OLD, deaf = false, ready = true } = options;
  const common = {
    NODE: "raspberrypi",
    ROLE: "agent",
    VERSION: version,
    URL: "https://example.test/k3s",
    SHA256: machine.serve(options.program ?? k3s(version, ready)),
    CONFIG: "server: https://10.101.0.1:6443\n",
    FLANNEL: "{}\n",
    REGISTRIES: "",
    AUTHORITIES: "",
    TOKEN: "K10aa::node:secret",
    RENEWAL: "1",
    SERVER: "10.101.0.1",
    KUBECONFIG_TEXT: "kind: Config\n",
  };
  const role = values["ROLE"] === "server" ? "server" : "agent";
  const files = {
    ...unitValues(role, "fogline0", timersOf({}), SETTINGS),
    ...hardeningValues(role, false),
  };
  return machine.run(INSTALL_SCRIPT, "update", { ...common, ...files, ...values }, deaf);
}

/** The server of a cluster, as its values differ. */
function server(values: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  return {
    ROLE: "server",
    TOKEN: "agents",
    CONFIG: "cluster-cidr: 10.42.0.0/16\nservice-cidr: 10.43.0.0/16\n",
    ...values,
  };
}

/** What a server keeps whose token is this. */
function serverState(token: string): void {
  machine.write("var/lib/rancher/k3s/server/token", `K10aa::server:${token}\n`);
  machine.write("var/lib/rancher/k3s/server/agent-token", "K10aa::node:agents\n");
  machine.write("var/lib/rancher/k3s/server/db/state.db", "");
  machine.write("etc/rancher/k3s/k3s.yaml", "kind: Config\n");
}

describe("K3s is started anew", () => {
  it("once where it is installed, and not where nothing is otherwise", async () => {
    expect(await install()).toMatchObject({ code: 0 });
    expect(machine.starts()).toBe(1);
    expect(await install()).toMatchObject({ code: 0 });
    expect(machine.starts()).toBe(0);
  });

  it.each([
    ["configuration", { CONFIG: "server: https://10.101.0.2:6443\n" }],
    ["pods' network", { FLANNEL: '{"Network": ""}\n' }],
    ["token", { TOKEN: "K10aa::node:other" }],
    ["mirrors", { REGISTRIES: "mirrors: {}\n" }],
    ["login to a registry", { REGISTRIES: login("s3") }],
  ])("with another %s, and again where it is taken back", async (_what, values) => {
    await install();
    machine.calls();
    await install(values);
    expect(machine.starts()).toBe(1);
    await install();
    expect(machine.starts()).toBe(1);
  });

  it("with another binary although the connection breaks while that is fetched", async () => {
    await install();
    machine.calls();
    await install({}, { version: "v1.36.4+k3s1", deaf: true });
    expect(machine.starts()).toBe(1);
  });

  it("by the next run where one ended between its files and the start", async () => {
    await install();
    machine.mark("broken");
    expect((await install({}, { version: "v1.36.4+k3s1" })).code).not.toBe(0);
    machine.calls();
    const { code, stderr } = await install({}, { version: "v1.36.4+k3s1" });
    expect(code).toBe(0);
    expect(stderr).toContain("its binary or configuration is another one than it was started with");
    expect(machine.starts()).toBe(1);
  });

  it("where systemd has not read its unit again", async () => {
    await install();
    machine.mark("stale");
    machine.calls();
    await install();
    expect(machine.starts()).toBe(1);
  });

  it("where a certificate ends within the days in which K3s renews it", async () => {
    await install();
    machine.certificate(CERTIFICATE, 200);
    machine.calls();
    await install();
    expect(machine.starts()).toBe(0);
    machine.certificate(CERTIFICATE, 100);
    const { stderr } = await install();
    expect(stderr).toContain("its certificates end soon");
    expect(machine.starts()).toBe(1);
  });
});

describe("pods that were ready before K3s was started anew", () => {
  const NEXT = "v1.36.4+k3s1";
  const state = (name: "pods" | "ready-pods", ...pods: readonly string[]): void => {
    machine.pods(name, pods.map((pod) => `${pod}\n`).join(""));
  };
  /** What kubectl says of pods from the start of K3s on. */
  const afterStart = (branch: string): string =>
    k3s(NEXT).replace("started) ;;", `started) ${branch} ;;`);

  it("are waited for, so that the next node has its turn after them", async () => {
    await install();
    state("pods", "website/a", "website/b", "website/new");
    state("ready-pods", "website/a", "website/b");
    const late =
      'echo website/b >"$STATE/ready-pods"; (sleep 2; echo website/a >>"$STATE/ready-pods") >/dev/null 2>&1 &';
    const began = Date.now();
    const { code } = await install({}, { version: NEXT, program: afterStart(late) });
    expect(code).toBe(0);
    expect(Date.now() - began).toBeGreaterThan(1900);
  });

  it("are forgotten where they have left the node meanwhile", async () => {
    await install();
    state("pods", "website/a");
    state("ready-pods", "website/a");
    const gone = 'rm "$STATE/pods" "$STATE/ready-pods"';
    expect(await install({}, { version: NEXT, program: afterStart(gone) })).toMatchObject({
      code: 0,
    });
    expect(machine.has("run/fogline-k3s-pods")).toBe(false);
  });

  it("are waited for by the next run where one was cut off", async () => {
    await install();
    state("pods", "website/a");
    state("ready-pods", "website/a");
    machine.mark("broken");
    await install({}, { version: NEXT });
    expect(machine.read("run/fogline-k3s-pods")).toBe("website/a\n");
    expect(await install({}, { version: NEXT })).toMatchObject({ code: 0 });
    expect(machine.has("run/fogline-k3s-pods")).toBe(false);
  });
});

it("a node that is Ready with another version has not been upgraded yet", async () => {
  const program = k3s("v1.36.4+k3s1").replace(
    'echo "True v1.36.4+k3s1" ;;',
    `echo x >>"$STATE/asked"; if [ "$(wc -l <"$STATE/asked")" -lt 3 ]; then echo "True ${OLD}"; else echo "True v1.36.4+k3s1"; fi ;;`,
  );
  await install({}, { version: "v1.36.4+k3s1", program });
  const asked = machine.calls().filter((call) => call.includes("get node"));
  expect(asked).toHaveLength(3);
});

describe.each([
  ["refuses connections to pods of silent nodes", "REACH", "reach", "watch 10.42.0.0/16 300"],
  [
    "has visitors wait for the ingress controller",
    "GATE",
    "gate",
    "watch 80,443 8082 kubernetes 30",
  ],
])("the program that %s", (_what, key, name, words) => {
  const program = `usr/local/sbin/fogline-k3s-${name}`;
  const unit = `etc/systemd/system/fogline-k3s-${name}.service`;
  const calls = (): string[] =>
    machine.calls().filter((call) => call.includes("systemctl") && call.includes(name));
  const all = unitValues("agent", "fogline0", timersOf({ profile: "fast" }), SETTINGS);
  const both = (text: string, service: string): Readonly<Record<string, string>> => ({
    [key]: text,
    [`${key}_SERVICE`]: service,
  });
  const wanted = both(String(all[key]), String(all[`${key}_SERVICE`]));

  it("runs where it is wanted, and is started anew when it is another one, which K3s is not", async () => {
    await install(wanted);
    expect(machine.mode(program)).toBe(0o755);
    expect(machine.read(unit)).toContain(words);
    machine.calls();
    await install(wanted);
    expect(calls()).not.toContain(`systemctl restart fogline-k3s-${name}`);
    await install({ ...wanted, [key]: "#!/bin/bash\n" });
    expect(calls()).toEqual([
      `systemctl enable --quiet fogline-k3s-${name}`,
      `systemctl restart fogline-k3s-${name}`,
    ]);
  });

  it("goes where it is not wanted any more", async () => {
    await install(wanted);
    machine.calls();
    await install(both("", ""));
    expect(calls()).toEqual([`systemctl disable --quiet --now fogline-k3s-${name}`]);
    expect([machine.has(program), machine.has(unit)]).toEqual([false, false]);
  });
});

describe("the program that looks after the pods' network", () => {
  const program = "usr/local/sbin/fogline-k3s-follow";
  const unit = "etc/systemd/system/fogline-k3s-follow.service";
  const ofFollow = (): string[] => machine.calls().filter((call) => call.includes("follow"));

  it("is started anew when it is another one, which K3s is not", async () => {
    await install();
    expect(ofFollow()).toEqual(["systemctl enable --quiet --now fogline-k3s-follow"]);
    await install();
    expect(ofFollow()).not.toContain("systemctl restart fogline-k3s-follow");
    machine.starts();
    await install({ FOLLOW: "#!/bin/bash\n" });
    expect(machine.read(program)).toBe("#!/bin/bash\n");
    expect(ofFollow()).toContain("systemctl restart fogline-k3s-follow");
  });

  it("goes where that network is somebody else's", async () => {
    await install();
    ofFollow();
    await install({ FOLLOW: "", FOLLOW_SERVICE: "" });
    expect(ofFollow()).toContain("systemctl disable --quiet --now fogline-k3s-follow");
    expect([machine.has(program), machine.has(unit)]).toEqual([false, false]);
  });
});

/** A login as `registries.yaml` has it. */
function login(password: string): string {
  return `configs:\n  r.fog.io:\n    auth:\n      password: "${password}"\n      username: "ci"\n`;
}

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
