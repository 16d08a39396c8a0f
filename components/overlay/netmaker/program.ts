/** Netmaker's programs as scripts are told of them. */
import { join } from "node:path";

import type { NetmakerSettings } from "../../../config/netmaker.ts";
import type { Arch } from "../../machine.ts";

/** Names by which `forget_program` knows all releases of a part. */
const NAMES = { server: "netmaker", client: "netclient" };

/** The part of a script that fetches a program, which is told `URL`, `SHA256` and `PROGRAM`. */
export const PROGRAM_SCRIPT = join(import.meta.dirname, "scripts/server/program.sh");

/**
 * Where a program is fetched from, its sum, and where it stays; the settings' rules see to it that there is a
 * sum.
 */
export function pinned(
  settings: NetmakerSettings,
  part: "server" | "client",
  arch: Arch,
): { readonly URL: string; readonly SHA256: string; readonly PROGRAM: string } {
  const { download, sha256 } = settings[part];
  const sum = sha256[arch] ?? "";
  return {
    URL: download.replaceAll("{version}", settings.version).replaceAll("{arch}", arch),
    SHA256: sum,
    PROGRAM: `/usr/local/lib/fogline-netmaker/${NAMES[part]}-${sum}`,
  };
}

/**
 * Where the web application's archive is fetched from, its sum, and the folder of its files; all empty for
 * none.
 */
export function pinnedUi({ ui, version }: NetmakerSettings): {
  readonly UI_URL: string;
  readonly UI_SHA256: string;
  readonly UI: string;
} {
  return {
    UI_URL: ui?.download.replaceAll("{version}", version) ?? "",
    UI_SHA256: ui?.sha256 ?? "",
    UI: ui === undefined ? "" : `/usr/local/share/fogline-netmaker-ui-${ui.sha256}`,
  };
}
