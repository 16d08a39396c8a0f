/** Netmaker's programs as scripts are told of them. */
import { join } from "node:path";

import type { NetmakerSettings } from "../../../config/netmaker.ts";
import type { Arch } from "../../machine.ts";

/** The part of a script that fetches a program, which is told `URL` and `SHA256`. */
export const PROGRAM_SCRIPT = join(import.meta.dirname, "scripts/server/program.sh");

/** Where a program is fetched from, and its sum; the settings' rules see to it that there is one. */
export function pinned(
  settings: NetmakerSettings,
  part: "server" | "client",
  arch: Arch,
): { readonly URL: string; readonly SHA256: string } {
  const { download, sha256 } = settings[part];
  return {
    URL: download.replaceAll("{version}", settings.version).replaceAll("{arch}", arch),
    SHA256: sha256[arch] ?? "",
  };
}

/** Where the web application's archive is fetched from, and its sum; both empty for none. */
export function pinnedUi({ ui, version }: NetmakerSettings): {
  readonly UI_URL: string;
  readonly UI_SHA256: string;
} {
  return {
    UI_URL: ui?.download.replaceAll("{version}", version) ?? "",
    UI_SHA256: ui?.sha256 ?? "",
  };
}
