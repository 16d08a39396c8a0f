/**
 * Builds an image on the operator's computer and puts it into the cluster's registry. Prints its digest, and
 * below it its bytes by processor architecture, as JSON.
 *
 * Usage: node --import tsx apps/registry/build/main.ts <input.json   (see order.ts)
 */
import { text } from "node:stream/consumers";

import { bring } from "./bring.ts";
import { BuildError, type BuildInput } from "./order.ts";

try {
  const input = JSON.parse(await text(process.stdin)) as BuildInput;
  const { digest, bytes } = await bring(input, (line) => {
    process.stderr.write(`${line}\n`);
  });
  process.stdout.write(`${digest}\n${JSON.stringify(bytes)}\n`);
} catch (error) {
  const told = error instanceof BuildError ? error.message : String((error as Error).stack);
  process.stderr.write(`${told}\n`);
  process.exitCode = 1;
}
