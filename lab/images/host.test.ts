import { describe, expect, it } from "vitest";

import { sourcesFrom } from "./host.ts";

describe("sourcesFrom", () => {
  it("asks the mirrors of this computer for another suite", () => {
    const targets = [
      "Other|Other|https://other.example/apt/",
      "Debian|Debian|http://mirror.example/debian/",
      "Debian|Debian-Security|http://mirror.example/security/",
    ].join("\n");
    expect(sourcesFrom(targets, "trixie")).toEqual([
      "deb http://mirror.example/debian/ trixie main",
      "deb http://mirror.example/debian/ trixie-updates main",
      "deb http://mirror.example/security/ trixie-security main",
    ]);
  });

  it("names none where there is no mirror of Debian's", () => {
    expect(sourcesFrom("Ubuntu|Ubuntu|http://mirror.example/ubuntu/\n", "trixie")).toEqual([]);
  });
});
