/** The scripts of members with plain WireGuard, which are the same in both kinds of overlay. */
import { join } from "node:path";

import { FILES_SCRIPT, FIRST_BOOT_SCRIPT, TOOLS_SCRIPT } from "../../remote/script.ts";
import { NAMES_SCRIPT } from "../hosts-file.ts";
import { STRANDED_SCRIPT } from "../stranded.ts";

/** The part of a script that writes WireGuard configurations. */
export const CONF_SCRIPT = script("conf.sh");

/** Makes a member's key and prints the public half. */
export const KEY_SCRIPT = [TOOLS_SCRIPT, FIRST_BOOT_SCRIPT, script("key.sh")];

/** What it is told on a machine. */
export function keyValues(node: string): Readonly<Record<string, string>> {
  return { NODE: node, OPERATOR: "no", KEY: "/etc/wireguard/fogline0.key", EARLIER: "" };
}

/** Joins a machine. */
export const MEMBER_SCRIPT = [
  FILES_SCRIPT,
  NAMES_SCRIPT,
  STRANDED_SCRIPT,
  CONF_SCRIPT,
  script("member.sh"),
];

/** Joins the operator's computer. */
export const OPERATOR_SCRIPT = [CONF_SCRIPT, script("operator.sh")];

function script(file: string): string {
  return join(import.meta.dirname, "scripts", file);
}
