/** What the official random provider does that the product relies on. */
import assert from "node:assert/strict";

import { topOf } from "@fogline/pulumi-kit/difference";
import { UNKNOWN } from "@fogline/pulumi-kit/signatures";
import { holdsSecret, unwrap, type Properties } from "@fogline/pulumi-kit/values";

import type { PluginBehaviour } from "./behaviour.ts";
import { urnOf, type Plugin, type Resource } from "./plugin.ts";
import type { Difference } from "./wire.ts";

const PASSWORD = urnOf("random:index/randomPassword:RandomPassword");
const FIRST = { length: 24, special: false, keepers: { database: "one" } };

/** A password as the program declares it: checked, then made. */
async function make(plugin: Plugin): Promise<Resource> {
  await plugin.configure();
  const checked = await plugin.check(PASSWORD, FIRST);
  assert.deepEqual(checked.failures, []);
  return plugin.create(PASSWORD, checked.inputs);
}

async function diffOf(plugin: Plugin, news: Properties): Promise<Difference> {
  const old = await make(plugin);
  const checked = await plugin.check(PASSWORD, news, old.inputs);
  return plugin.diff(old, checked.inputs);
}

const random = (title: string, check: PluginBehaviour["check"]): PluginBehaviour => ({
  seen: "4.21.1",
  title,
  check,
});

export const RANDOM: readonly PluginBehaviour[] = [
  random("RandomPassword makes a secret of the length and characters asked for", async (plugin) => {
    const { id, outputs } = await make(plugin);
    assert.equal(id, "none");
    assert.ok(holdsSecret(outputs["result"]), "result is no secret");
    assert.match(String(unwrap(outputs["result"])), /^[A-Za-z0-9]{24}$/);
  }),
  random("RandomPassword stays as it is while its inputs do", async (plugin) => {
    const { changes, replaces } = await diffOf(plugin, FIRST);
    assert.notEqual(changes, "some");
    assert.deepEqual(replaces, []);
  }),
  random("RandomPassword is made anew for another keeper", async (plugin) => {
    const difference = await diffOf(plugin, { ...FIRST, keepers: { database: "two" } });
    assert.equal(difference.changes, "some");
    assert.ok(difference.replaces.map(topOf).includes("keepers"), "keepers replaces nothing");
  }),
  random("RandomPassword is made anew for another length", async (plugin) => {
    const difference = await diffOf(plugin, { ...FIRST, length: 32 });
    assert.equal(difference.changes, "some");
    assert.ok(difference.replaces.map(topOf).includes("length"), "length replaces nothing");
  }),
  random("RandomPassword leaves its result open in a preview", async (plugin) => {
    await plugin.configure();
    const { inputs } = await plugin.check(PASSWORD, FIRST);
    const { id, outputs } = await plugin.create(PASSWORD, inputs, { isPreview: true });
    assert.equal(id, "");
    assert.ok([undefined, UNKNOWN].includes(unwrap(outputs["result"]) as string | undefined));
  }),
  random("RandomPassword is read from the state, unchanged", async (plugin) => {
    const made = await make(plugin);
    const read = await plugin.read(made);
    assert.equal(read?.id, made.id);
    assert.equal(unwrap(read.outputs["result"]), unwrap(made.outputs["result"]));
  }),
];
