/**
 * What the cloud remembers: it outlives the engine, as Azure does. One file, written whole, by the
 * one plugin process that an engine runs.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** A resource as Azure would answer a GET with it. */
export interface Stored {
  readonly id: string;
  /** Pulumi's type token. */
  readonly type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** The cloud's resources by id. */
export class Cloud {
  private readonly resources: Map<string, Stored>;

  constructor(private readonly file: string) {
    const stored = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Stored[]) : [];
    this.resources = new Map(stored.map((resource) => [resource.id, resource]));
  }

  get(id: string): Stored | undefined {
    return this.resources.get(id);
  }

  ofType(type: string): Stored[] {
    return [...this.resources.values()].filter((resource) => resource.type === type);
  }

  put(resource: Stored): void {
    this.resources.set(resource.id, resource);
    this.write();
  }

  remove(id: string): void {
    this.resources.delete(id);
    this.write();
  }

  /** The first resource whose inputs name an id, other than the one itself. */
  userOf(id: string): Stored | undefined {
    return [...this.resources.values()].find(
      (resource) =>
        resource.id !== id &&
        (JSON.stringify(resource.inputs).includes(`"${id}"`) || resource.id.startsWith(`${id}/`)),
    );
  }

  private write(): void {
    mkdirSync(dirname(this.file), { recursive: true });
    const part = `${this.file}.part`;
    writeFileSync(part, JSON.stringify([...this.resources.values()], undefined, 2), {
      mode: 0o600,
    });
    renameSync(part, this.file);
  }
}
