/** Section `database` of the stack file. */
import { z } from "zod";

import { image, quantity } from "../../config/fields.ts";
import { IMAGE_GIB } from "../../config/prices.ts";
import { section } from "../../config/section.ts";
import { images } from "./images.ts";
import { databaseTransitions } from "./transitions.ts";

const schema = z.strictObject({
  // The contract of the official image: POSTGRES_*, PGDATA.
  image: image.describe(`PostgreSQL by digest, as \`${images.image.official}\``),
  storage: quantity.default("1Gi").describe("size of the volume that holds the votes"),
});

/** Settings of the database. */
export type DatabaseSettings = Readonly<z.output<typeof schema>>;

export const settings = section({
  schema,
  /** The database's volume is a folder on a worker's disk. */
  rules: ({ storage: wanted }, { cloud: { workers, disk: common } }) => {
    if (workers === undefined || common === undefined || wanted === undefined) {
      return [];
    }
    const largest = Math.max(...workers.map(({ disk }) => (disk ?? common).sizeGiB ?? IMAGE_GIB));
    const gib = Number.parseInt(wanted, 10) / (wanted.endsWith("Gi") ? 1 : 1024);
    return gib < largest
      ? []
      : [
          {
            path: "fogline:database.storage",
            rule: `${wanted} does not fit on a worker's disk: the largest has ${largest} GiB, system included`,
            fix: "ask for less, or write a larger fogline:cloud.disk.sizeGiB",
          },
        ];
  },
  record: {
    keep: ({ image: name, storage }: DatabaseSettings) => ({ image: name, storage }),
    changes: databaseTransitions,
  },
});
