/** What an image is called by: a key that differs when anything it is made of does. */
import { createHash } from "node:crypto";

import { BASES, type Recipe } from "./recipes.ts";

/** Raised when images must be built anew although what they are made of stayed the same. */
const EDITION = 1;

const known = new WeakMap<Recipe, Promise<string>>();

/**
 * Key of an image, from its context and from the keys of its bases; 32 hex digits. Found once for
 * each recipe of a process: the files are hundreds of megabytes.
 */
export function keyOf(recipe: Recipe): Promise<string> {
  const key = known.get(recipe) ?? findKey(recipe);
  known.set(recipe, key);
  return key;
}

async function findKey(recipe: Recipe): Promise<string> {
  const parts = await Promise.all(recipe.context.map((source) => source.identity()));
  const bases = await Promise.all(
    Object.entries(recipe.bases).map(
      async ([argument, name]) => `${argument} ${await keyOf(BASES[name])}`,
    ),
  );
  const text = JSON.stringify([EDITION, process.arch, recipe.name, parts, bases]);
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
