import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, describe, expect, it } from "vitest";

import { operatorInterface } from "../../config/names.ts";
import { refuseSharedRange } from "./operator.ts";

const folder = mkdtempSync(join(tmpdir(), "fogline-operator-"));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function joined(stack: string, ranges: string): void {
  mkdirSync(join(folder, stack), { recursive: true });
  writeFileSync(
    join(folder, stack, `${operatorInterface(stack)}.conf`),
    `[Interface]\nAddress = 10.101.255.254/16\n\n[Peer]\nAllowedIPs = ${ranges}\n`,
  );
}

describe("two stacks from one computer", () => {
  it("may have ranges of their own", () => {
    joined("prod", "10.102.0.0/16");
    expect(() => {
      refuseSharedRange(folder, "dev", "10.101.0.0/16");
    }).not.toThrow();
  });

  it("may not share addresses: both are named, before anything is made", () => {
    joined("prod", "10.101.128.0/17, 10.10.0.0/16");
    expect(() => {
      refuseSharedRange(folder, "dev", "10.101.0.0/16");
    }).toThrow(
      /overlay of stack prod, whose range 10\.101\.128\.0\/17 overlaps 10\.101\.0\.0\/16 of stack dev/,
    );
  });

  it("do not stand in the way of the same stack's next up, nor where there is no folder yet", () => {
    joined("dev", "10.101.0.0/16");
    rmSync(join(folder, "prod"), { recursive: true });
    expect(() => {
      refuseSharedRange(folder, "dev", "10.101.0.0/16");
      refuseSharedRange(join(folder, "none"), "dev", "10.101.0.0/16");
    }).not.toThrow();
  });
});
