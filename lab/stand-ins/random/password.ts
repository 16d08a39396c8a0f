/** Texts by rule, from the system's random source. */
import { randomInt } from "node:crypto";

/** The fields of `RandomPassword` that decide; defaults as the official ones. */
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

interface CharacterClass {
  readonly on: boolean;
  readonly least: number;
  readonly chars: string;
}

const SPECIAL = "!@#$%&*()-_=+[]{}<>:?";

/** Why no text can be made by the rules, if so. */
export function passwordProblem(rules: PasswordRules): string | undefined {
  const classes = classesOf(rules);
  const least = classes.reduce((sum, one) => sum + one.least, 0);
  if (!Number.isInteger(rules.length) || rules.length < 1) {
    return "must be a whole number, 1 or more";
  }
  if (classes.every(({ on }) => !on)) {
    return "no class of characters is allowed: set one of lower, numeric, special, upper";
  }
  return least > rules.length
    ? `is ${rules.length}, less than the ${least} characters that the rules ask for`
    : undefined;
}

/**
 * A random text.
 *
 * @throws RangeError when the rules leave no characters or ask for more than the length
 */
export function password(rules: PasswordRules): string {
  const problem = passwordProblem(rules);
  if (problem !== undefined) {
    throw new RangeError(`length ${problem}`);
  }
  const classes = classesOf(rules);
  const all = classes
    .filter(({ on }) => on)
    .map(({ chars }) => chars)
    .join("");
  const required = classes.flatMap(({ least, chars }) => pick(chars, least));
  return shuffle([...required, ...pick(all, rules.length - required.length)]).join("");
}

function classesOf(rules: PasswordRules): CharacterClass[] {
  const special = rules.overrideSpecial ?? "";
  return [
    { on: rules.lower ?? true, least: rules.minLower ?? 0, chars: "abcdefghijklmnopqrstuvwxyz" },
    { on: rules.upper ?? true, least: rules.minUpper ?? 0, chars: "ABCDEFGHIJKLMNOPQRSTUVWXYZ" },
    { on: rules.numeric ?? true, least: rules.minNumeric ?? 0, chars: "0123456789" },
    {
      on: rules.special ?? true,
      least: rules.minSpecial ?? 0,
      chars: special === "" ? SPECIAL : special,
    },
  ];
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
