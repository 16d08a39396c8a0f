/**
 * What the cloud remembers: it outlives the engine, as Azure does. One file, written whole, by the
 * one plugin process that an engine runs.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

import type { Inputs } from "@fogline/azure-checks/values";
import type { Resource, World } from "@fogline/azure-checks/world";

/** A resource as Azure would answer a GET with it. */
export interface Stored extends Resource {
  /** The engine's name of the resource; older clouds did not keep it. */
  readonly urn?: string;
  readonly outputs: Inputs;
}

/** Read access to the cloud's resources by id. */
export class View implements World {
  /** Nothing exists that is not here. */
  readonly complete = true;

  constructor(protected resources: ReadonlyMap<string, Stored>) {}

  get(id: string): Stored | undefined {
    return this.resources.get(id);
  }

  ofType(type: string): Stored[] {
    return this.all().filter((resource) => resource.type === type);
  }

  /** What stands under a resource, and goes when it goes: of a network its subnets. */
  under(id: string): Stored[] {
    return this.all().filter((resource) => resource.id.startsWith(`${id}/`));
  }

  /** Resources whose inputs name this one or something under it, and that do not go with it. */
  usersOf(id: string): Stored[] {
    return this.all().filter((resource) => {
      const inside = resource.id === id || resource.id.startsWith(`${id}/`);
      const inputs = JSON.stringify(resource.inputs);
      return !inside && (inputs.includes(`"${id}"`) || inputs.includes(`"${id}/`));
    });
  }

  all(): Stored[] {
    return [...this.resources.values()];
  }
}

/** The cloud as it is about to be. */
export class Draft extends View {
  private readonly drafted: Map<string, Stored>;

  constructor(resources: ReadonlyMap<string, Stored>) {
    const drafted = new Map(resources);
    super(drafted);
    this.drafted = drafted;
  }

  put(resource: Stored): void {
    this.drafted.set(resource.id, resource);
  }

  /** Forgets a resource with what stands under it. */
  remove(id: string): void {
    for (const resource of this.under(id)) {
      this.drafted.delete(resource.id);
    }
    this.drafted.delete(id);
  }

  /** Everything, as it is to be kept. */
  entries(): ReadonlyMap<string, Stored> {
    return this.drafted;
  }
}

/** The cloud's resources, kept in a file. */
export class Cloud extends View {
  /** Changes happen one after another. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly file: string) {
    const stored = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Stored[]) : [];
    super(new Map(stored.map((resource) => [resource.id, resource])));
  }

  /**
   * Changes a draft, which the cloud then becomes. Work that fails leaves the cloud as it was; work
   * that is cut off does as well, so it has to be such that it can be done again.
   */
  change<T>(work: (draft: Draft) => T | Promise<T>): Promise<T> {
    const mine = this.turn.then(async () => {
      const draft = new Draft(this.resources);
      const result = await work(draft);
      this.write(draft);
      return result;
    });
    // The next one runs whether or not this one fails; its caller gets the error.
    this.turn = mine.catch(() => undefined);
    return mine;
  }

  private write(draft: Draft): void {
    mkdirSync(dirname(this.file), { recursive: true });
    const part = `${this.file}.part`;
    const text = JSON.stringify([...draft.entries().values()], undefined, 2);
    writeFileSync(part, text, { mode: 0o600 });
    renameSync(part, this.file);
    this.resources = draft.entries();
  }
}
