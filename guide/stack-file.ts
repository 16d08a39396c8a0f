/** A stack's settings file: reading it, and changing single values without losing its comments. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

import { parseDocument, type Document } from "yaml";

import { placeholders } from "../config/placeholders.ts";
import type { Problem } from "../config/problems.ts";
import { read } from "../config/schema.ts";
import type { Known } from "../config/known.ts";
import { knownOf } from "../config/known.ts";
import { GuideError } from "./error.ts";
import { readIfThere, writeWhole } from "./files.ts";

/** A value in the file, below `config`, by its section without `fogline:`. */
export interface Edit {
  readonly section: string;
  readonly path: readonly (string | number)[];
  readonly value: unknown;
}

/** What a stack file holds. */
export interface StackSettings {
  /** As far as they can be read, with defaults. */
  readonly known: Known;
  /** Sections as they are written. */
  readonly raw: Readonly<Record<string, unknown>>;
  /** Values that stand for others. */
  readonly placeholders: readonly Problem[];
  /** Pulumi's own: how the stack's secrets are encrypted. */
  readonly secretsProvider: string | undefined;
  readonly encryptionSalt: string | undefined;
}

export class StackFile {
  readonly path: string;

  constructor(
    private readonly checkout: string,
    readonly stack: string,
  ) {
    this.path = join(checkout, `Pulumi.${stack}.yaml`);
  }

  /** @throws GuideError where there is no such file, or it is no YAML */
  read(): StackSettings {
    const { config, secretsprovider, encryptionsalt } = (this.document().toJS() ?? {}) as {
      config?: Readonly<Record<string, unknown>> | null;
      secretsprovider?: string;
      encryptionsalt?: string;
    };
    const raw = Object.fromEntries(
      Object.entries(config ?? {})
        .filter(([key]) => key.startsWith("fogline:"))
        .map(([key, value]) => [key.slice("fogline:".length), value]),
    );
    const { readable } = read(raw);
    return {
      known: knownOf(readable),
      raw,
      placeholders: placeholders({ ...raw, ...readable }),
      secretsProvider: secretsprovider,
      encryptionSalt: encryptionsalt,
    };
  }

  /** Writes values, all or none; comments and everything else stay as they are. */
  write(edits: readonly Edit[]): void {
    const document = this.document();
    for (const { section, path, value } of edits) {
      // A list of one line stays one.
      const node = document.createNode(value, { flow: true });
      document.setIn(["config", `fogline:${section}`, ...path], node);
    }
    const text = document.toString({ lineWidth: 0, flowCollectionPadding: false });
    writeWhole(this.path, text, statSync(this.path).mode & 0o777);
  }

  private document(): Document {
    const text = readIfThere(this.path);
    if (text === undefined) {
      throw new GuideError(`there is no stack ${this.stack}: ${this.path} does not exist`, {
        fixes: [
          `choose STACK from ${this.others().join(", ")}`,
          `or begin with an example: cp Pulumi.dev.yaml Pulumi.${this.stack}.yaml`,
        ],
      });
    }
    const document = parseDocument(text);
    const [error] = document.errors;
    if (error !== undefined) {
      throw new GuideError(`${this.path} is no YAML: ${error.message}`, {
        fixes: ["correct the file"],
      });
    }
    return document;
  }

  private others(): string[] {
    return readdirSync(this.checkout).flatMap((file) => {
      const stack = /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1];
      // The lab's is made by `make up`.
      return stack === undefined || stack === "lab" ? [] : [stack];
    });
  }
}
