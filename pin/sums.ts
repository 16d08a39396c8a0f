/** Reads files of checksums, as `sha256sum` and `shasum` write them. */

/** Thrown for a file that does not say one sum of the file that is asked for. */
export class SumsError extends Error {
  override readonly name = "SumsError";
}

/** Sum of a file by its length: SHA-256 is 64 hex digits, SHA-1 40. */
export type Sum =
  | { readonly kind: "sha256"; readonly digits: string }
  /** Collisions can be made, so that nothing is pinned by it. */
  | { readonly kind: "sha1"; readonly digits: string };

/** `<sum> <name>`, a space or `*` before the name; `shasum ./*` writes `./` before it, too. */
const LINE = /^([0-9A-Fa-f]+)[ \t]+\*?(?:\.\/)?(\S.*)$/;
/** A file beside the one it is of, which holds nothing but the sum. */
const ALONE = /^([0-9A-Fa-f]+)$/;

/**
 * The sum of one file.
 *
 * @param text of the whole file of checksums
 * @param file name of the file whose sum is asked for
 * @param isBeside the checksum file is named after that file and may hold the sum alone
 * @throws SumsError when there is none, more than one, or one of another length
 */
export function sumOf(text: string, file: string, isBeside = false): Sum {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const alone = lines.length === 1 && isBeside ? ALONE.exec(lines[0] ?? "")?.[1] : undefined;
  if (alone !== undefined) {
    return judge(alone, file);
  }
  const named = lines.flatMap((line) => {
    const [, digits, name] = LINE.exec(line) ?? [];
    return digits === undefined || name === undefined ? [] : [{ digits, name }];
  });
  if (named.length === 0) {
    throw new SumsError("it holds no line with a sum and a name");
  }
  const found = named.filter(({ name }) => name === file);
  const [first, ...others] = found;
  if (first === undefined) {
    const names = named.slice(0, 5).map(({ name }) => name);
    const more = named.length > names.length ? `, … (${named.length})` : "";
    throw new SumsError(`it has no line for ${file}, but for ${names.join(", ")}${more}`);
  }
  if (others.length > 0) {
    throw new SumsError(`it has ${found.length} lines for ${file}`);
  }
  return judge(first.digits, file);
}

function judge(text: string, file: string): Sum {
  const digits = text.toLowerCase();
  if (digits.length === 64) {
    return { kind: "sha256", digits };
  }
  if (digits.length === 40) {
    return { kind: "sha1", digits };
  }
  throw new SumsError(`the sum of ${file} has ${digits.length} hex digits; one of SHA-256 has 64`);
}
