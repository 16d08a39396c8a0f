import { expect, it } from "vitest";

import { passesFor, renamed } from "./other-version.ts";

const FROM = "v1.36.3+k3s1";
const binary = Buffer.from(
  `\0\u0001${FROM}token\0${FROM}\0k8s.io/kubernetes@v1.36.3/pkg\0`,
  "latin1",
);

it("a stand-in tells another version wherever it told its own, and is otherwise the same", () => {
  const other = renamed(binary, FROM, "v1.36.4+k3s1");
  expect(other.toString("latin1")).toBe(
    "\0\u0001v1.36.4+k3s1token\0v1.36.4+k3s1\0k8s.io/kubernetes@v1.36.3/pkg\0",
  );
  expect(binary.toString("latin1")).toContain(FROM);
});

it.each(["v1.37.0+k3s1", "v1.36.10+k3s1"])("it does not pass for %s", (to) => {
  expect(passesFor(FROM, to)).toBe(false);
  expect(() => renamed(binary, FROM, to)).toThrow("does not pass for it");
});

it("what tells no version cannot be renamed", () => {
  expect(() => renamed(Buffer.from("k3s"), FROM, "v1.36.4+k3s1")).toThrow(`it tells no ${FROM}`);
});
