import { SECRET, SIGNATURE } from "@fogline/pulumi-kit/signatures";
import { describe, expect, it } from "vitest";

import { MASK, publicWords, redactor, secretValues } from "./redact.ts";

const KEY =
  "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIBz0aaaaaaaaaaaaaaaaaa\n-----END EC PRIVATE KEY-----";

it.each([
  ["a private key", KEY, "MHcCAQEE"],
  ["a private key inside JSON", JSON.stringify({ key: KEY }), "MHcCAQEE"],
  ["a private key in a diff", KEY.replaceAll("\n", "\n  + "), "MHcCAQEE"],
  ["a private key that is cut off", `${KEY.slice(0, 50)}...`, "MHcCAQEE"],
  ["a K3s token", `token K10${"a1".repeat(32)}::server:feedbeef`, "feedbeef"],
  ["a kubeconfig's key", 'client-key-data: "LS0tLS1CRUdJ"', "LS0tLS1C"],
  ["a WireGuard key", "PrivateKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=", "yAnz5TF"],
  ["a join bundle's key", "JOIN_KEY='yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk='", "yAnz5TF"],
  ["a passphrase", "PULUMI_CONFIG_PASSPHRASE=hunter22", "hunter22"],
  ["a password in YAML", "  password: 'two words'", "two words"],
  ["a password in a URL", "postgres://poll:hunter22@10.43.0.5/poll", "hunter22"],
  ["a storage account's key", "AccountKey=q83vEjRWeJCrze8SNFZ4kKvN7w==;", "q83vEjRW"],
  ["a token of GitHub", `ghp_${"a1B2".repeat(9)}`, "a1B2"],
])("masks %s", (_what, text, secret) => {
  const safe = redactor()(text);
  expect(safe).not.toContain(secret);
  expect(safe).toContain(MASK);
});

it.each([
  "docker.io/library/node@sha256:4f5d1f0cbb1e5a3f0b0c4f5d1f0cbb1e5a3f0b0c4f5d1f0cbb1e5a3f0b0c4f5d",
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
  "+ password: [secret]",
  "  token: output<string>",
  "random:index:RandomPassword fogline-database-password create",
  "urn:pulumi:dev::fogline::azure-native:network:Subnet::fogline-subnet",
  "urn:pulumi:dev::fogline::random:index/randomPassword:RandomPassword::fogline-database-password",
  "urn:pulumi:dev::fogline::fogline:k3s:Cluster$random:index/randomPassword:RandomPassword::token",
  "https://github.com/k3s-io/k3s/releases/download/v1.36.3%2Bk3s1/k3s",
])("leaves %s alone", (text) => {
  expect(redactor()(text)).toBe(text);
});

it("masks a known value in every form, and no short word", () => {
  const mask = redactor(['pass"word/1', "tcp"]);
  expect(mask(`${JSON.stringify('pass"word/1')} tcp`)).toBe(`"${MASK}" tcp`);
  expect(mask(Buffer.from('pass"word/1').toString("base64"))).toBe(MASK);
  expect(mask(encodeURIComponent('pass"word/1'))).toBe(MASK);
});

it("masks the lines of a long secret, which a diff shows one by one", () => {
  const kubeconfig = "kind: Config\nusers: [{name: admin, user: opaque-credential}]\n";
  expect(redactor([kubeconfig])("+ users: [{name: admin, user: opaque-credential}]")).toBe(
    `+ ${MASK}`,
  );
});

it("finds every secret in exported state and settings", () => {
  const signature = {
    [SIGNATURE]: SECRET,
    plaintext: JSON.stringify({ admin: "first secret", keys: ["second secret"] }),
  };
  expect(
    secretValues({
      deployment: { resources: [{ outputs: { kubeconfig: signature, url: "http://x" } }] },
      "fogline:token": { value: "third secret", secret: true },
      "fogline:region": { value: "eastus", secret: false },
    }),
  ).toEqual(["first secret", "second secret", "third secret"]);
});

describe("a secret's value that is a public word, too", () => {
  const signature = {
    [SIGNATURE]: SECRET,
    plaintext: JSON.stringify({ "key-of-a-secret": "staging" }),
  };
  const words = publicWords({
    deployment: {
      resources: [
        {
          urn: "urn:pulumi:staging::fogline::random:index/randomPassword:RandomPassword::database",
        },
        { urn: "urn:pulumi:staging::fogline::pulumi:pulumi:Stack::fogline-staging" },
        { outputs: { kubeconfig: signature, overlayRange: "10.101.0.0/16", login: "hunter22" } },
      ],
    },
    "fogline:monthlyBudgetUsd": { value: "60", secret: false },
    "fogline:token": { value: "third secret", secret: true, objectValue: { "inner-key": "x" } },
  });
  const values = ["staging", "fogline", "database", "RandomPassword", "overlayRange", "hunter22"];
  const mask = redactor([...values, "monthlyBudgetUsd", "10.101.0.0/16"], words);

  it.each([
    "- update `urn:pulumi:staging::fogline::random:index/randomPassword:RandomPassword::database`",
    "    [urn=urn:pulumi:staging::fogline::pulumi:pulumi:Stack::fogline-staging]",
    " +  random:index:RandomPassword fogline-database create",
    "Previewing update (staging):",
    "pulumi up --stack staging",
    "overlayRange: 10",
    '{"overlayRange": 10, "fogline:monthlyBudgetUsd": "60"}',
    "replicas: 4, autoscale: true",
  ])("is left in %s", (text) => {
    expect(mask(text)).toBe(text);
  });

  it.each([
    ["    login: fogline", `    login: ${MASK}`],
    ['  + login: "fogline"', `  + login: "${MASK}"`],
    ['{"login":"fogline"}', `{"login":"${MASK}"}`],
    [String.raw`{\"login\": \"fogline\"}`, String.raw`{\"login\": \"${MASK}\"}`],
    ["  ~ login: 'database' => 'staging'", `  ~ login: '${MASK}' => '${MASK}'`],
    ["LOGIN=fogline", `LOGIN=${MASK}`],
    ["started\nfogline\nended", `started\n${MASK}\nended`],
    ["  + staging", `  + ${MASK}`],
    ["in base64: Zm9nbGluZQ==", `in base64: ${MASK}`],
    ["password fogline123: hunter22", `password fogline123: ${MASK}`],
    ["by hunter22 at once", `by ${MASK} at once`],
    ["from 10.101.0.0/16 alone", `from ${MASK} alone`],
  ])("is masked as a value in %s", (text, safe) => {
    expect(mask(text)).toBe(safe);
  });

  it("does not make the keys and values of secrets public", () => {
    for (const word of ["key-of-a-secret", "inner-key", "hunter22", "third secret"]) {
      expect(words).not.toContain(word);
      expect(redactor([word], words)(`say ${word} aloud`)).toBe(`say ${MASK} aloud`);
    }
  });

  it("is none where it is only a part of a public word, or longer than a name", () => {
    expect(redactor(["andomPasswor"], words)("RandomPassword")).toBe(`R${MASK}d`);
    const long = "a1".repeat(40);
    expect(redactor([long], [long])(`x ${long} x`)).toBe(`x ${MASK} x`);
  });
});
