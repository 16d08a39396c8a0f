/**
 * A YAML file whose texts are read and set one by one. What is not set stays as it is, character by
 * character: the parser says where a value stands, and only that is written anew.
 */
import { readFileSync, statSync } from "node:fs";

import {
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  parseDocument,
  stringify,
  type Document,
  type ParsedNode,
  type YAMLMap,
} from "yaml";

import { replaceFile } from "../lab/files.ts";
import { PinError } from "./error.ts";

/** Keys and positions from the top of a file to a value. */
export type Path = readonly (string | number)[];

/** A text in a file. */
export interface Leaf {
  readonly path: Path;
  readonly value: string;
}

/** A YAML file. */
export class YamlFile {
  readonly #before: string;
  #text: string;
  #document: Document.Parsed;

  /**
   * @param path absolute path
   * @throws PinError when there is no such file, or it is no YAML
   */
  constructor(readonly path: string) {
    try {
      this.#before = readFileSync(path, "utf8");
    } catch (error) {
      const problem = `${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? "?"})`;
      throw new PinError("", problem, "check the name", { cause: error });
    }
    this.#text = this.#before;
    this.#document = this.#parse();
  }

  /** The whole as plain data. */
  data(): unknown {
    return this.#document.toJS();
  }

  /** The text at a path; undefined for none. */
  text(path: Path): string | undefined {
    const value: unknown = this.#document.getIn(path);
    return typeof value === "string" ? value : undefined;
  }

  /** Every text below a path. */
  leaves(below: Path): Leaf[] {
    return leavesOf(this.#document.getIn(below, true), below);
  }

  /** Sets a text; keys that are missing on the way to it are added behind their neighbours. */
  set(path: Path, value: string): void {
    const node = this.#document.getIn(path, true) as ParsedNode | undefined;
    // Quoted where YAML would read a number.
    const text = stringify(value, { lineWidth: 0 }).trimEnd();
    if (isScalar(node) && node.value !== null) {
      this.#splice(node.range[0], node.range[1], text);
      return;
    }
    for (let depth = path.length - 1; depth >= 0; depth -= 1) {
      const parent: unknown = this.#document.getIn(path.slice(0, depth), true);
      if (isMap(parent)) {
        this.#add(parent as YAMLMap.Parsed, path.slice(depth).map(String), text);
        return;
      }
    }
    throw new PinError("", `${this.path} is no list of settings`, "correct the file");
  }

  /** Writes what was set, as a whole or not at all; nothing where nothing has changed. */
  save(): void {
    if (this.#text !== this.#before) {
      replaceFile(this.path, this.#text, statSync(this.path).mode & 0o777);
    }
  }

  #add(parent: YAMLMap.Parsed, keys: readonly string[], text: string): void {
    const [key = "", ...inner] = keys;
    if (parent.flow === true) {
      const nested = inner.reduceRight((value, each) => `{ ${each}: ${value} }`, text);
      const at = parent.range[1] - 1;
      const behind = parent.items.length === 0 ? " " : ", ";
      const begin = this.#text.slice(0, at).trimEnd().length;
      this.#splice(begin, at, `${behind}${key}: ${nested} `);
      return;
    }
    const own = parent.items.find(({ key: each }) => isScalar(each) && each.value === key);
    const first = parent.items[0]?.key.range[0] ?? 0;
    const indent = first - (this.#text.lastIndexOf("\n", first - 1) + 1);
    // A key without a value is there already.
    if (own !== undefined && inner.length === 0) {
      const colon = this.#text.indexOf(":", endOf(own.key)) + 1;
      this.#splice(colon, colon, ` ${text}`);
      return;
    }
    const lines = own === undefined ? keys : inner;
    const begin = indent + (own === undefined ? 0 : 2);
    const added = lines.map((each, n) => {
      const value = n === lines.length - 1 ? ` ${text}` : "";
      return `\n${" ".repeat(begin + 2 * n)}${each}:${value}`;
    });
    const line = this.#text.indexOf("\n", endOf(own ?? parent.items.at(-1)));
    const at = line === -1 ? this.#text.length : line;
    this.#splice(at, at, added.join(""));
  }

  #splice(begin: number, end: number, text: string): void {
    this.#text = this.#text.slice(0, begin) + text + this.#text.slice(end);
    this.#document = this.#parse();
  }

  #parse(): Document.Parsed {
    const document = parseDocument(this.#text);
    const [first] = document.errors;
    if (first !== undefined) {
      throw new PinError("", `${this.path} is no YAML: ${first.message}`, "correct the file");
    }
    return document;
  }
}

/** Where the last text of a node ends: a collection's own end may lie lines behind it. */
function endOf(node: unknown): number {
  if (isPair(node)) {
    const value = endOf(node.value);
    return value === 0 ? endOf(node.key) : value;
  }
  if (isCollection(node) && node.flow !== true && node.items.length > 0) {
    return endOf(node.items.at(-1));
  }
  return (node as ParsedNode | null | undefined)?.range[1] ?? 0;
}

function leavesOf(node: unknown, path: Path): Leaf[] {
  if (isScalar(node)) {
    return typeof node.value === "string" ? [{ path, value: node.value }] : [];
  }
  if (isSeq(node)) {
    return node.items.flatMap((item, n) => leavesOf(item, [...path, n]));
  }
  return isMap(node)
    ? node.items.flatMap(({ key, value }) =>
        leavesOf(value, [...path, isScalar(key) ? String(key.value) : String(key)]),
      )
    : [];
}
