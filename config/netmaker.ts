/** The section `netmaker`: what an overlay of kind `netmaker` runs. Means nothing for another kind. */
import { z } from "zod";

import { downloadFrom, sha256 } from "./fields.ts";
import type { Known } from "./known.ts";
import {
  NETMAKER_BUNDLE_DEVICE_LENGTH,
  NETMAKER_CLIENT_LENGTH,
  NETMAKER_NETWORK_LENGTH,
} from "./names.ts";
import type { Problem } from "./problems.ts";

const UNPINNED =
  "must be the archive's SHA-256: nothing is served that is not pinned|add the sum of the archive";

/** Where Netmaker's project publishes a program. */
export const netmakerDownload = (name: "netmaker" | "netclient"): string =>
  `https://github.com/gravitl/${name}/releases/download/{version}/${name}-linux-{arch}`;

/** A program that machines fetch and run only if it is the pinned one. */
const program = (name: "netmaker" | "netclient") =>
  z
    .strictObject({
      /** Where machines fetch it; `{version}` and `{arch}` (`amd64` or `arm64`) are filled in. */
      download: downloadFrom(["version", "arch"]).default(netmakerDownload(name)),
      /** SHA-256 of the program for each processor architecture in use. */
      sha256: z.strictObject({ amd64: sha256.optional(), arm64: sha256.optional() }).prefault({}),
    })
    .prefault({});

/** Section `netmaker` of a stack's settings. */
export const netmaker = z
  .strictObject({
    /** Release of Netmaker's server and of netclient, e.g. `v1.5.1`. */
    version: z
      .string()
      .regex(/^v\d+\.\d+\.\d+$/, { error: "must be a Netmaker release|write it like v1.5.1" })
      .default("v1.5.1"),
    /** The server's program. */
    server: program("netmaker"),
    /** netclient, which the master runs. */
    client: program("netclient"),
    /** Where the server keeps its records: a file, or Debian's PostgreSQL on the same machine. */
    database: z
      .enum(["sqlite", "postgres"], {
        error: "must be a known kind of database|use sqlite or postgres",
      })
      .default("sqlite"),
    /** Netmaker's web application, which is served beside the API; none unless it is given. */
    ui: z
      .strictObject({
        /** Where the master fetches its built files as a .tar.gz; `{version}` is filled in. */
        download: downloadFrom(["version"]),
        /** SHA-256 of the archive. */
        sha256: z.string({ error: UNPINNED }).pipe(sha256),
      })
      .optional(),
    /** Name of the network (S0-19). */
    network: z
      .string()
      .regex(new RegExp(`^[a-z0-9_-]{1,${NETMAKER_NETWORK_LENGTH}}$`), {
        error: "must be 1 to 32 of a-z, 0-9, - and _|choose a name like netmaker",
      })
      .default("netmaker"),
    /**
     * DNS name that leads to the master's public address: the API then has a certificate of Let's
     * Encrypt. Without it, one of an authority that the master makes and that only this program and the
     * master trust.
     */
    domain: z
      .string()
      .regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/, {
        error: "must be a DNS name in lower case|write it like netmaker.example.com",
      })
      .optional(),
  })
  .meta({
    description: "what an overlay of kind `netmaker` runs (`docs/netmaker.md`)",
    without: "pinned releases; sums must be given",
  });

/** Settings of an overlay of kind `netmaker`. */
export type NetmakerSettings = Readonly<z.output<typeof netmaker>>;

/** What an overlay of kind `netmaker` asks of the rest of the settings. */
export function netmakerRules(known: Known): Problem[] {
  return known.overlay.kind === "netmaker" ? [...sumRules(known), ...nameRules(known)] : [];
}

/** Nothing unpinned is run. */
function sumRules({ cloud, netmaker: { server, client } }: Known): Problem[] {
  const { arch } = cloud;
  return Object.entries({ server, client })
    .filter(([, part]) => arch !== undefined && part !== undefined && !part.sha256[arch])
    .map(([name]) => ({
      path: `fogline:netmaker.${name}.sha256.${arch ?? ""}`,
      rule: "is missing: nothing runs on the master that is not pinned",
      fix: "run `make pin` for this stack (STACK=name): the project publishes no checksums, so it pins what is there now",
    }));
}

/** Devices are the network's clients under their own names. */
function nameRules({ edge }: Known): Problem[] {
  return edge.flatMap(({ path, device: { name, reach } }) => {
    const longest =
      reach === "bundle" ? NETMAKER_BUNDLE_DEVICE_LENGTH : NETMAKER_CLIENT_LENGTH.most;
    return name.length > longest
      ? [
          {
            path: `${path}.name`,
            rule: `has ${name.length} characters; a client of a Netmaker network has ${longest} at most`,
            fix: "give the device a shorter name",
          },
        ]
      : [];
  });
}
