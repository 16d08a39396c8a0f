/** Passwords by rule, from the system's random source. */
import { randomInt } from "node:crypto";

/** The fields of `RandomPassword` that decide what it looks like; defaults as the official ones. */
export interface PasswordRules {
  readonly length: number;
  readonly lower?: boolean;
  readonly upper?: boolean;
  readonly numeric?: boolean;
  readonly special?: boolean;
  readonly minLower?: number;
  readonly minUpper?: number;
  readonly minNumeric?: number;
  readonly minSpecial?: number;
  readonly overrideSpecial?: string;
}

const SPECIAL = "!@#$%&*()-_=+[]{}<>:?";

/**
 * A random password.
 *
 * @throws RangeError when the rules leave no characters or ask for more than the length
 */
export function password(rules: PasswordRules): string {
  const classes = [
    { on: rules.lower ?? true, least: rules.minLower ?? 0, chars: "abcdefghijklmnopqrstuvwxyz" },
    { on: rules.upper ?? true, least: rules.minUpper ?? 0, chars: "ABCDEFGHIJKLMNOPQRSTUVWXYZ" },
    { on: rules.numeric ?? true, least: rules.minNumeric ?? 0, chars: "0123456789" },
    {
      on: rules.special ?? true,
      least: rules.minSpecial ?? 0,
      chars:
        rules.overrideSpecial === undefined || rules.overrideSpecial === ""
          ? SPECIAL
          : rules.overrideSpecial,
    },
  ];
  const all = classes
    .filter(({ on }) => on)
    .map(({ chars }) => chars)
    .join("");
  const required = classes.flatMap(({ least, chars }) => pick(chars, least));
  if (all === "" || required.length > rules.length) {
    throw new RangeError(
      `a password of ${rules.length} characters cannot keep rules that ask for ${required.length}` +
        ` characters out of ${all.length} different ones`,
    );
  }
  return shuffle([...required, ...pick(all, rules.length - required.length)]).join("");
}

function pick(chars: string, count: number): string[] {
  return Array.from({ length: count }, () => chars.charAt(randomInt(chars.length)));
}

/** Fisher-Yates: every order equally likely. */
function shuffle(chars: string[]): string[] {
  for (let i = chars.length - 1; i > 0; i -= 1) {
    const j = randomInt(i + 1);
    [chars[i], chars[j]] = [chars[j] ?? "", chars[i] ?? ""];
  }
  return chars;
}
