/**
 * Copies stdin to stdout without its secrets: `node ci/mask.ts [file …] <in >out`. Each file is JSON
 * with the stack's secrets in plain (`pulumi stack export --show-secrets`, `pulumi config --json
 * --show-secrets`). A file that cannot be read ends it with an error and nothing printed.
 */
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";

import { redactor, secretValues } from "./redact.ts";

const values = process.argv
  .slice(2)
  .flatMap((file) => secretValues(JSON.parse(readFileSync(file, "utf8"))));
process.stdout.write(redactor(values)(await text(process.stdin)));
