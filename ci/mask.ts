/**
 * Copies stdin to stdout without its secrets: `node ci/mask.ts [file …] <in >out`. Each file is JSON
 * with the stack's secrets in plain (`pulumi stack export --show-secrets`, `pulumi config --json
 * --show-secrets`). A file that cannot be read ends it with an error and nothing printed.
 */
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";

import { publicWords, redactor, secretValues } from "./redact.ts";

const documents = process.argv
  .slice(2)
  .map((file) => JSON.parse(readFileSync(file, "utf8")) as unknown);
const mask = redactor(documents.flatMap(secretValues), documents.flatMap(publicWords));
process.stdout.write(mask(await text(process.stdin)));
