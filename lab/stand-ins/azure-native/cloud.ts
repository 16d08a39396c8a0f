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
    return this.all().filter((resource) => resource.type === type);
  }

  /** What stands under a resource, and goes when it goes: of a network its subnets. */
  under(id: string): Stored[] {
    return this.all().filter((resource) => resource.id.startsWith(`${id}/`));
  }

  put(resource: Stored): void {
    this.resources.set(resource.id, resource);
    this.write();
  }

  /** Forgets a resource with what stands under it. */
  remove(id: string): void {
    for (const resource of this.under(id)) {
      this.resources.delete(resource.id);
    }
    this.resources.delete(id);
    this.write();
  }

  /** Resources whose inputs name this one or something under it, and that do not go with it. */
  usersOf(id: string): Stored[] {
    return this.all().filter((resource) => {
      const inside = resource.id === id || resource.id.startsWith(`${id}/`);
      const inputs = JSON.stringify(resource.inputs);
      return !inside && (inputs.includes(`"${id}"`) || inputs.includes(`"${id}/`));
    });
  }

  private all(): Stored[] {
    return [...this.resources.values()];
  }

  private write(): void {
    mkdirSync(dirname(this.file), { recursive: true });
    const part = `${this.file}.part`;
    writeFileSync(part, JSON.stringify(this.all(), undefined, 2), { mode: 0o600 });
    renameSync(part, this.file);
  }
}
