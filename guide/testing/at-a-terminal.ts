/**
 * The guide's steps for key and device as a process of its own, for a test that sits at its terminal: with
 * the programs of this computer, and a home and a checkout that nobody has used.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { asking, terminal } from "../ask.ts";
import { runner } from "../command.ts";
import { goThrough } from "../step.ts";
import { device } from "../steps/device.ts";
import { key } from "../steps/key.ts";
import { Table } from "./table.ts";

const interrupt = new AbortController();
using table = new Table({ run: runner(import.meta.dirname, interrupt.signal) });
mkdirSync(join(table.home, ".ssh"));
table.site.file.write([
  { section: "operator", path: ["sshKey"], value: join(table.home, ".ssh/id_ed25519") },
]);
const site = {
  ...table.site,
  ask: asking({}, terminal(interrupt)),
  say: (line: string) => process.stdout.write(`${line}\n`),
};
process.exitCode = (await goThrough([key, device], site)) ? 0 : 1;
// A second time finds everything done and asks nothing.
if (process.exitCode === 0 && !(await goThrough([key, device], site))) {
  process.exitCode = 2;
}
process.stdout.write(table.settings);
