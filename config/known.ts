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
 * Settings with their defaults; a setting that is wrong in itself is left out. Rules between settings
 * look at these, so that every problem is told at once.
 */
export type Known = {
  readonly [Name in Exclude<keyof Settings, "edge">]: Readonly<Partial<Settings[Name]>>;
} & {
  readonly edge: readonly KnownDevice[];
  /** Number of devices that are listed, right or wrong. */
  readonly devices: number;
};

/** The part of the raw settings that is right. */
export function knownOf(
  sections: Readonly<Record<string, z.ZodType>>,
  raw: Readonly<Record<string, unknown>>,
): Known {
  const known = Object.entries(sections).map(([name, schema]) => [
    name,
    name === "edge" ? devicesOf(schema, raw[name]) : fieldsOf(schema, raw[name]),
  ]);
  const devices = Array.isArray(raw["edge"]) ? raw["edge"].length : 0;
  return { ...(Object.fromEntries(known) as Omit<Known, "devices">), devices };
}

function devicesOf(schema: z.ZodType, raw: unknown): KnownDevice[] {
  const list: unknown[] = Array.isArray(raw) ? raw : [];
  return list.flatMap((item, index) => {
    const { data } = schema.safeParse([item]);
    const device = (data as EdgeDevice[] | undefined)?.[0];
    return device === undefined ? [] : [{ path: `fogline:edge[${index}]`, device }];
  });
}

function fieldsOf(schema: z.ZodType, raw: unknown): Record<string, unknown> {
  if (!(schema instanceof z.ZodObject)) {
    return {};
  }
  const given = typeof raw === "object" && raw !== null ? (raw as Record<string, unknown>) : {};
  return Object.fromEntries(
    Object.entries(schema.shape as Record<string, z.ZodType>).flatMap(([key, field]) => {
      const { success, data } = field.safeParse(given[key]);
      return success && data !== undefined ? [[key, data] as const] : [];
    }),
  );
}
