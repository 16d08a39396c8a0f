/** A person's computer for the guide's tests: a home, a checkout, answers and what was said. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { asking, type Answers, type ReadLine } from "../ask.ts";
import type { Run } from "../command.ts";
import { readEnvironment, stackFiles } from "../files.ts";
import { StackFile } from "../stack-file.ts";
import type { Site } from "../step.ts";

const PROJECT = join(import.meta.dirname, "../..");

export interface TableOptions {
  readonly run: Run;
  readonly answers?: Answers;
  /** Lines that the person types, in their order; nobody is there by default. */
  readonly types?: readonly string[];
  /** Home of an earlier table; a new one by default. */
  readonly home?: string;
  /** Stack file; the worked one of `dev` by default. */
  readonly settings?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Looks at Azure before it takes too long. */
  readonly looks?: number;
}

export class Table implements Disposable {
  readonly home: string;
  readonly checkout: string;
  readonly site: Site;
  private readonly lines: string[] = [];
  private readonly folder: string;

  constructor({ run, answers = {}, types, home, settings, env = {}, looks = 3 }: TableOptions) {
    this.folder = mkdtempSync(join(tmpdir(), "fogline-guide-test-"));
    this.home = home ?? join(this.folder, "home");
    this.checkout = join(this.folder, "checkout");
    for (const each of [this.home, this.checkout]) {
      mkdirSync(each, { recursive: true });
    }
    cpSync(settings ?? join(PROJECT, "Pulumi.dev.yaml"), join(this.checkout, "Pulumi.dev.yaml"));
    this.site = {
      checkout: this.checkout,
      file: new StackFile(this.checkout, "dev"),
      files: stackFiles("dev", this.home),
      run,
      ask: asking(answers, types === undefined ? undefined : this.reading(types)),
      say: (line) => this.lines.push(line),
      env,
      patience: { looks, interval: 1 },
    };
  }

  /** Everything that the person was shown. */
  get said(): string {
    return this.lines.join("\n");
  }

  get settings(): string {
    return readFileSync(this.site.file.path, "utf8");
  }

  get environment(): Readonly<Record<string, string>> {
    return readEnvironment(this.site.files.environment);
  }

  private reading(types: readonly string[]): ReadLine {
    const left = [...types];
    return (prompt) => {
      this.lines.push(prompt);
      const line = left.shift();
      return line === undefined
        ? Promise.reject(new Error(`nothing is left to type: ${prompt}`))
        : Promise.resolve(line);
    };
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
