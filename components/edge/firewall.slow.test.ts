/** What the check says of packet filters, by what the tools for them print. */
import { afterEach, describe, expect, it } from "vitest";

import { FakeDevice, TRIXIE } from "./testing/roots.ts";

const devices: FakeDevice[] = [];

/** What the check says of a device with these commands. */
function said(commands: Readonly<Record<string, string>>): string {
  const made = new FakeDevice({ ...TRIXIE, commands });
  devices.push(made);
  const { code, stderr } = made.check();
  expect(code, stderr).toBe(stderr === "" ? 0 : 1);
  return stderr;
}

/** A program that prints this. */
const printing = (text: string): string => `cat <<'TEXT'\n${text}\nTEXT`;

afterEach(() => {
  for (const made of devices.splice(0)) {
    made.remove();
  }
});

describe("ufw", () => {
  const ufw = (added: string, status = "Default: deny (incoming), allow (outgoing)"): string =>
    `case "$*" in
       "show added") ${printing(`Added user rules (see 'ufw status' for running firewall):\n${added}`)}
         ;;
       *) ${printing(`Status: active\nLogging: on (low)\n${status}, disabled (routed)`)}
         ;;
     esac`;
  const nft = printing(`table ip filter {
	chain INPUT {
		type filter hook input priority filter; policy drop;
		counter packets 9 bytes 9 jump ufw-before-logging-input
	}
}`);

  it("that is active is named, with the rules that let the fog in", () => {
    const text = said({ ufw: ufw("ufw allow 22/tcp"), nft });
    expect(text).toContain("sudo ufw allow in on fogline0; sudo ufw allow from 10.42.0.0/16");
    expect(text).toContain("1 problem(s)");
  });

  it("is asked for what is missing alone", () => {
    const text = said({ ufw: ufw("ufw allow from 10.42.0.0/16 comment 'pods'"), nft });
    expect(text).toContain("(sudo ufw allow in on fogline0),");
  });

  it("is no problem with these rules, with none to drop what comes in, or when it is off", () => {
    const rules = "ufw allow in on fogline0 comment 'fog'\nufw allow from 10.42.0.0/16";
    expect(said({ ufw: ufw(rules), nft })).toBe("");
    expect(said({ ufw: ufw("", "Default: allow (incoming), allow (outgoing)") })).toBe("");
    expect(said({ ufw: "echo Status: inactive" })).toBe("");
  });
});

describe("firewalld", () => {
  const firewalld = (interfaces: string): string =>
    `case "$*" in --state) echo running ;; *--list-interfaces) echo '${interfaces}' ;; esac`;

  it("that runs is named, with the command that lets the fog in", () => {
    expect(said({ "firewall-cmd": firewalld("cni0") })).toContain(
      "--zone=trusted --add-interface=fogline0 --add-interface=flannel.1; sudo firewall-cmd --reload",
    );
  });

  it("is no problem where it trusts the fog's interfaces, or does not run", () => {
    expect(said({ "firewall-cmd": firewalld("cni0 flannel.1 fogline0") })).toBe("");
    expect(said({ "firewall-cmd": "echo not running; exit 252" })).toBe("");
  });
});

describe("rules of one's own", () => {
  const table = (name: string, hook: string, policy: string, ...rules: readonly string[]): string =>
    `table ${name} {
	chain own {
		type filter hook ${hook} priority filter; policy ${policy};
${rules.map((rule) => `\t\t${rule}\n`).join("")}	}
}`;

  it.each([
    ["a policy to drop what comes in", "inet filter", "input", "drop", 'iifname "lo" accept'],
    ["a policy to drop what is forwarded", "inet filter", "forward", "drop", "tcp dport 22 accept"],
    ["a policy to drop what goes out", "inet filter", "output", "drop", "udp dport 53 accept"],
    ["iptables' own chain", "ip filter", "input", "drop", 'iifname "eth0" accept'],
    ["a last rule that drops", "inet b", "input", "accept", "counter packets 0 bytes 0 drop"],
    ["a last rule that rejects", "ip b", "forward", "accept", "reject with icmp port-unreachable"],
  ])("with %s are named with table and chain", (_what, name, hook, policy, rule) => {
    const text = said({ nft: printing(table(name, hook, policy, rule)) });
    expect(text).toContain(`nftables: table ${name}, chain own, hook ${hook}`);
    expect(text).toContain("udp 8472 and tcp 10250, 80 and 443 over fogline0");
    expect(text).toContain("10.42.0.0/16");
  });

  it.each([
    ["let the fog in", "inet filter", "input", "drop", 'iifname { "lo", "fogline0" } accept'],
    ["let pods through", "inet filter", "forward", "drop", 'iifname "cni0" accept'],
    ["let pods through by their range", "ip x", "forward", "drop", "ip saddr 10.42.0.0/16 accept"],
    [
      "drop what is forwarded where K3s accepts it, as Docker's",
      "ip filter",
      "forward",
      "drop",
      "",
    ],
    ["drop some packets alone", "inet b", "input", "accept", "ct state invalid drop"],
    ["are for bridges", "bridge b", "forward", "drop", ""],
    ["are Kubernetes' own", "ip kube-network-policies", "forward", "accept", "drop"],
  ])("that %s are no problem", (_what, name, hook, policy, rule) => {
    expect(said({ nft: printing(table(name, hook, policy, rule)) })).toBe("");
  });

  it("are found where iptables keeps them by itself", () => {
    const made = new FakeDevice({
      ...TRIXIE,
      files: { ...TRIXIE.files, "proc/net/ip_tables_names": "filter\n" },
      commands: { "iptables-legacy-save": printing("*filter\n:INPUT DROP [0:0]\nCOMMIT") },
    });
    devices.push(made);
    expect(made.check().stderr).toContain("iptables-legacy: table filter, chain INPUT");
  });
});
