/** Pictures of measurements are what their data makes, and lie beside it. */
import { readdirSync } from "node:fs";
import { join, relative } from "node:path";

import { expect, it } from "vitest";

import { outdated, resultFolders } from "../../experiments/figures.ts";

const PROJECT = join(import.meta.dirname, "../..");

it("every table, report and picture of results is what its cells make; make figures writes them", async () => {
  const found = [];
  for (const folder of resultFolders()) {
    found.push(...(await outdated(relative(process.cwd(), folder))));
  }
  expect(found).toEqual([]);
});

it("docs/images holds no picture of measurements: documents refer to those in experiments/results", () => {
  expect(readdirSync(join(PROJECT, "docs/images")).sort()).toEqual([
    // A drawing of the lab's network, by `make network`.
    "network.svg",
    // What a browser shows.
    "poll.png",
  ]);
});
