import { expect, it } from "vitest";
import { parseAllDocuments } from "yaml";

import { accountObjects } from "./account.ts";

interface Role {
  readonly kind: string;
  readonly rules?: readonly {
    readonly resources: readonly string[];
    readonly verbs: readonly string[];
  }[];
}

const objects = parseAllDocuments(accountObjects("attic", "first")).map(
  (document) => document.toJS() as Role,
);

it("a machine's service account and what belongs to it are these objects", () => {
  expect(objects).toMatchSnapshot();
});

it("it may look, at nothing that is secret, and change nothing", () => {
  const rules = objects.flatMap((object) => object.rules ?? []);
  expect(rules.flatMap(({ resources }) => resources)).not.toContain("secrets");
  expect(new Set(rules.flatMap(({ verbs }) => verbs))).toEqual(new Set(["get", "list", "watch"]));
});
