import { execFileSync } from "node:child_process";

import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";

import { parseCredentials } from "./credentials.ts";
import { endOf, kubeconfigOf } from "./kubeconfig.ts";

const administrator = stringify({
  clusters: [
    {
      name: "default",
      cluster: { server: "https://10.101.0.1:6443", "certificate-authority-data": "Q0E=" },
    },
  ],
  users: [{ name: "default", user: { "client-key-data": "secret" } }],
});

describe("the server's credentials", () => {
  it("split into the agents' token and kubeconfig, which then names the overlay's address", () => {
    const read = parseCredentials("K10ab::node:x\nserver: https://127.0.0.1:6443\n", "10.101.0.1");
    expect(read).toEqual({
      agentToken: "K10ab::node:x",
      kubeconfig: "server: https://10.101.0.1:6443\n",
    });
  });

  it.each([
    ["readable", true],
    ["encrypted", false],
    ["unknown", undefined],
  ])("tell that Secrets in the datastore are %s", (secrets, expected) => {
    const text = `K10ab::node:x\nsecrets: ${secrets}\nserver: https://127.0.0.1:6443\n`;
    const read = parseCredentials(text, "10.101.0.1");
    expect(read.areSecretsReadable).toBe(expected);
    expect(read.kubeconfig).toBe("server: https://10.101.0.1:6443\n");
  });

  it("of a server of an earlier version are the agents' all the same", () => {
    const text = "K10ab::server:x\nserver: https://127.0.0.1:6443\n";
    expect(parseCredentials(text, "10.101.0.1").agentToken).toBe("K10ab::node:x");
  });

  it("are refused when the server printed something else", () => {
    expect(() => parseCredentials("oops", "10.101.0.1")).toThrow("did not print the agents' token");
  });
});

describe("a node's kubeconfig", () => {
  it("reaches the same cluster as another user, and holds nothing of the administrator's", () => {
    const text = kubeconfigOf(administrator, "reader\n");
    expect(parse(text)).toMatchObject({
      clusters: [
        { cluster: { server: "https://10.101.0.1:6443", "certificate-authority-data": "Q0E=" } },
      ],
      users: [{ user: { token: "reader" } }],
    });
    expect(text).not.toContain("secret");
  });
});

describe("the end of the administrator's certificate", () => {
  it("is read from the kubeconfig", () => {
    const options = ["-x509", "-newkey", "ed25519", "-nodes", "-subj", "/CN=a", "-days", "10"];
    const files = ["-keyout", "/dev/null", "-out", "-"];
    const certificate = execFileSync("openssl", ["req", ...options, ...files], { stdio: "pipe" });
    const user = { "client-certificate-data": certificate.toString("base64") };
    const end = endOf(stringify({ users: [{ user }] }))?.getTime() ?? 0;
    const days = (end - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(9);
    expect(days).toBeLessThanOrEqual(10);
  });

  it("is unknown where there is no certificate", () => {
    expect(endOf(administrator)).toBeUndefined();
  });
});
