/** What of a stack's settings can be read although other parts of them are wrong. */
import { z } from "zod";

import type { EdgeDevice } from "./edge.ts";
import type { Settings } from "./schema.ts";

/** A device that is right in itself, and where it stands. */
export interface KnownDevice {
  /** E.g. `fogline:edge[0]`. */
  readonly path: string;
  readonly device: EdgeDevice;
}

/**
 * Parsed settings of the program's own sections; a setting that is wrong in itself is left out. Rules
 * between settings look at these, so that every problem is told at once.
 */
export type Known = {
  readonly [Name in Exclude<keyof Settings, "edge">]: Readonly<Partial<Settings[Name]>>;
} & {
  readonly edge: readonly KnownDevice[];
  /** Number of devices that are listed, right or wrong. */
  readonly devices: number;
};

/** Sections as far as they can be read, by name; what is wrong in a list is `undefined` there. */
export type Readable = Readonly<Record<string, unknown>>;

/** The part of one section that is right, where the whole is not. */
export function readableOf(schema: z.ZodType, raw: unknown): unknown {
  if (schema instanceof z.ZodObject) {
    return fieldsOf(schema, raw);
  }
  const list: unknown[] = Array.isArray(raw) ? raw : [];
  return list.map((item) => {
    const { data } = schema.safeParse([item]);
    return Array.isArray(data) ? (data[0] as unknown) : undefined;
  });
}

/** The program's own sections among readable ones, as rules see them. */
export function knownOf(readable: Readable): Known {
  const devices = readable["edge"] as readonly (EdgeDevice | undefined)[];
  return {
    ...(readable as Omit<Known, "edge" | "devices">),
    edge: devices.flatMap((device, index) =>
      device === undefined ? [] : [{ path: `fogline:edge[${index}]`, device }],
    ),
    devices: devices.length,
  };
}

function fieldsOf(schema: z.ZodObject, raw: unknown): Record<string, unknown> {
  const given = typeof raw === "object" && raw !== null ? (raw as Record<string, unknown>) : {};
  return Object.fromEntries(
    Object.entries(schema.shape as Record<string, z.ZodType>).flatMap(([key, field]) => {
      const { success, data } = field.safeParse(given[key]);
      return success && data !== undefined ? [[key, data] as const] : [];
    }),
  );
}
