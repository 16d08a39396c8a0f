/**
 * A provider of files for tests: what is really there can be changed behind the engine's back. A file
 * has an output that no program declares, `readAt`, which differs at every look.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";

import { differences } from "@fogline/pulumi-kit/difference";
import { endWithParent } from "@fogline/pulumi-kit/lifetime";
import { serve, type PlannedChange, type Provider } from "@fogline/pulumi-kit/serve";
import { unwrap, type Problem, type Properties } from "@fogline/pulumi-kit/values";

let looks = 0;

function outputsOf(inputs: Properties): Properties {
  looks += 1;
  return { ...inputs, readAt: `${process.pid}.${looks}` };
}

function write(inputs: Properties): Properties {
  const { path, content } = unwrap(inputs) as { path: string; content: string };
  writeFileSync(path, content);
  return outputsOf(inputs);
}

const files: Provider = {
  version: "1.0.0",
  check: (): Problem[] => [],
  diff: (_urn, olds, news): PlannedChange[] =>
    differences(olds, news).map((change) => ({ ...change, replaces: change.path === "path" })),
  create: (_urn, inputs) =>
    Promise.resolve({ id: String(unwrap(inputs["path"])), outputs: write(inputs) }),
  update: (_urn, _olds, inputs) => Promise.resolve(write(inputs)),
  read: (_urn, id, { inputs }) => {
    if (!existsSync(id)) {
      return undefined;
    }
    const content = readFileSync(id, "utf8");
    const found = unwrap(inputs["content"]) === content ? inputs : { ...inputs, content };
    return { inputs: found, outputs: outputsOf(found) };
  },
  delete: (_urn, _outputs, id) => {
    rmSync(id, { force: true });
    return Promise.resolve();
  },
  invoke: () => Promise.reject(new Error("there is nothing to invoke")),
  cancel: () => Promise.resolve(),
};

endWithParent();
await serve(files);
